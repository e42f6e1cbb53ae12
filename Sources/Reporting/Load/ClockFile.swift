import ExperimentModel
import Foundation

/// Reads `clock.jsonl`, a reading a line; a line that is none is left out and named.
struct ClockFile {
    /// The readings.
    private(set) var readings: [ClockReading] = []
    /// What is wrong with the file, in words that follow its name; nil when nothing is.
    private(set) var fault: String?

    init(_ data: Data) {
        var file = RecordedLines(data)
        guard !file.lines.isEmpty else {
            fault = "is empty: the agent's readings of the clock are not there"
            return
        }
        for (index, line) in file.lines.enumerated() {
            if let reading = Self.reading(Data(String(decoding: line, as: UTF8.self).utf8)) {
                readings.append(reading)
            } else {
                file.reject(index)
            }
        }
        fault = file.fault("no clock reading", "left out, so that the clock's bound may have been wider then")
    }

    private static func reading(_ line: Data) -> ClockReading? {
        guard NumberCheck.fault(line) == nil else { return nil }
        return try? JSONDecoder().decode(ClockReading.self, from: line)
    }
}
