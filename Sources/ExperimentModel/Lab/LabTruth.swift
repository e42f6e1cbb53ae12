#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a simulated world knows to be true of one event: when it left, and when each link delivered it.
///
/// All on one clock, the wall clock of the machine, nanoseconds. A file `lab-truth.csv` holds them, one event a line:
/// `update_id,sent_ns,direct_ns,tokyo_ns,backbone_ns`, with a value empty where a link did not deliver the event.
public struct LabTruth: Hashable, Sendable {
    /// The first line of the file.
    public static let header = "update_id,sent_ns,direct_ns,tokyo_ns,backbone_ns"

    /// The event.
    public var updateID: Int64
    /// When the exchange wrote it.
    public var sentNs: Int64
    /// When the direct link delivered it to Frankfurt.
    public var directNs: Int64?
    /// When its link delivered it to Tokyo.
    public var tokyoNs: Int64?
    /// When the backbone delivered it to Frankfurt.
    public var backboneNs: Int64?

    /// The truth of one event.
    public init(updateID: Int64, sentNs: Int64, directNs: Int64?, tokyoNs: Int64?, backboneNs: Int64?) {
        self.updateID = updateID
        self.sentNs = sentNs
        self.directNs = directNs
        self.tokyoNs = tokyoNs
        self.backboneNs = backboneNs
    }

    /// The event's line of the file, without a line end.
    public var line: String {
        let delivered = [directNs, tokyoNs, backboneNs].map { $0.map(String.init) ?? "" }
        return "\(updateID),\(sentNs)," + delivered.joined(separator: ",")
    }

    /// Reads a whole file.
    ///
    /// - Parameter fileName: named in messages.
    /// - Throws: `ExperimentError` `malformed` naming the first bad line.
    public static func read(_ text: String, fileName: String = "lab-truth.csv") throws -> [LabTruth] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first.map(String.init) == header else {
            let found = lines.first.map { $0.isEmpty ? "an empty line" : "'\($0.prefix(100))'" } ?? "nothing"
            throw ExperimentError(
                .malformed,
                "\(fileName) is no lab's truth: its first line is \(found), not '\(header)'"
            )
        }
        return try lines.enumerated().dropFirst().compactMap { number, line in
            if line.isEmpty { return nil }
            guard let event = LabTruth(line: line) else {
                throw ExperimentError(.malformed, "\(fileName) line \(number + 1) is not an event: \(line.prefix(100))")
            }
            return event
        }
    }

    /// Reads one line; nil when it is not an event.
    private init?(line: Substring) {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 5, let updateID = Int64(fields[0]), let sentNs = Int64(fields[1]) else { return nil }
        let delivered = fields[2...].map { $0.isEmpty ? nil : Int64($0) }
        for (field, value) in zip(fields[2...], delivered) where !field.isEmpty && value == nil { return nil }
        self.init(
            updateID: updateID,
            sentNs: sentNs,
            directNs: delivered[0],
            tokyoNs: delivered[1],
            backboneNs: delivered[2]
        )
    }
}
