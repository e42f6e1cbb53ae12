import ExperimentModel
import Foundation

/// Reads `clock.jsonl`, a reading a line; a line that is none is left out and named.
struct ClockFile {
    /// The readings.
    private(set) var readings: [ClockReading] = []
    /// What is wrong with the file, in words that follow its name; nil when nothing is.
    private(set) var fault: String?

    init(_ data: Data) {
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        if lines.isEmpty { fault = "is empty: the agent's readings of the clock are not there" }
        var broken: [Int] = []
        for (index, line) in lines.enumerated() {
            if let reading = Self.reading(Data(line.utf8)) {
                readings.append(reading)
            } else if index < lines.count - 1 || text.hasSuffix("\n") || !line.hasPrefix("{") {
                broken.append(index + 1)
            }
        }
        guard let first = broken.first else { return }
        let more = broken.count > 1 ? ", nor are \(broken.count - 1) more of its \(lines.count) lines" : ""
        fault = "line \(first) is no clock reading\(more): left out, so that the clock's bound may have been wider then"
    }

    private static func reading(_ line: Data) -> ClockReading? {
        guard NumberCheck.fault(line) == nil else { return nil }
        return try? JSONDecoder().decode(ClockReading.self, from: line)
    }
}
