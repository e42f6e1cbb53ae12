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
    /// - Throws: `ExperimentError` `malformed` naming the first bad line.
    public static func read(_ text: String) throws -> [LabTruth] {
        var events: [LabTruth] = []
        for (number, line) in text.split(separator: "\n").enumerated() where number > 0 {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 5, let updateID = Int64(fields[0]), let sentNs = Int64(fields[1]) else {
                throw ExperimentError(
                    .malformed,
                    "lab-truth.csv line \(number + 1) is not an event: \(line.prefix(100))"
                )
            }
            events.append(
                LabTruth(
                    updateID: updateID,
                    sentNs: sentNs,
                    directNs: Int64(fields[2]),
                    tokyoNs: Int64(fields[3]),
                    backboneNs: Int64(fields[4])
                )
            )
        }
        return events
    }
}
