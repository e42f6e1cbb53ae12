import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The agent's log, `log.jsonl`: one JSON object a line, at most 8 MiB; what comes after is counted, not written.
final class AgentLog {
    /// How much a line matters.
    enum Level: String {
        case info
        case warning
        case error
    }

    private static let limit = 8 << 20
    private let writer: BackgroundWriter
    private var written = 0
    private let encoder: JSONEncoder

    init(writer: BackgroundWriter) {
        self.writer = writer
        self.encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Writes one line.
    ///
    /// Secrets never belong into `fields`.
    func write(_ level: Level, _ event: String, _ fields: [String: String] = [:]) {
        guard written < Self.limit else { return }
        var line = fields
        line["level"] = level.rawValue
        line["event"] = event
        line["wallNs"] = "\(HostClock.wallNs())"
        guard var bytes = try? encoder.encode(line) else { return }
        bytes.append(UInt8(ascii: "\n"))
        written += bytes.count
        writer.append(Array(bytes), to: "log.jsonl")
    }
}
