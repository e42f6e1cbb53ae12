import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The agent's log, `log.jsonl`: one JSON object a line with `wallNs`, `level`, `event` and what belongs to it; at most
/// 8 MiB.
///
/// What comes too often is thinned out, and what finds the log full is left out; both are counted. Less important
/// levels stop first, and there is always room for the last lines, which say how it ended and how many were left out.
final class AgentLog {
    /// How much a line matters.
    enum Level: String, CaseIterable {
        case info
        case warning
        case error
    }

    /// The limits, which are smaller in tests.
    struct Limits {
        /// The whole file, octets.
        var octets = 8 << 20
        /// What is kept for the last lines, octets.
        var reserve = 64 << 10
        /// Lines of one event and lane that are written one by one.
        var repeats = 1_000
        /// After that, the time between two of them.
        var repeatIntervalNs: Int64 = 60_000_000_000

        /// Up to where a level may fill the file.
        func octets(for level: Level) -> Int {
            let share = octets - reserve
            return switch level {
            case .info: share / 2
            case .warning: share / 8 * 7
            case .error: share
            }
        }
    }

    private struct Repeat {
        var lines = 0
        var leftOut = 0
        var lastNs: Int64 = 0
    }

    private let writer: BackgroundWriter
    private let limits: Limits
    private let encoder: JSONEncoder
    private var written = 0
    private var leftOut: [Level: Int] = [:]
    private var repeats: [String: Repeat] = [:]

    init(writer: BackgroundWriter, limits: Limits = Limits()) {
        self.writer = writer
        self.limits = limits
        self.encoder = Self.encoder()
    }

    /// Writes one line.
    ///
    /// Secrets never belong into `fields`.
    func write(_ level: Level, _ event: String, _ fields: [String: String] = [:]) {
        guard var line = thinned(level, event, fields) else { return }
        line["level"] = level.rawValue
        line["event"] = event
        if !append(line, limit: limits.octets(for: level)) { leftOut[level, default: 0] += 1 }
    }

    /// Writes the last lines, for which room was kept: how many were left out, and how it ended.
    func writeEnd(_ fields: [String: String]) {
        let counts = Level.allCases.compactMap { level in leftOut[level].map { (level.rawValue, "\($0)") } }
        if !counts.isEmpty {
            let line = ["level": "warning", "event": "log.leftOut"]
            _ = append(line.merging(counts, uniquingKeysWith: { $1 }), limit: limits.octets)
        }
        _ = append(fields.merging(["level": "info", "event": "end"], uniquingKeysWith: { $1 }), limit: limits.octets)
    }

    /// A line with the moment in it, octets; empty for what cannot be written as JSON.
    static func line(_ fields: [String: String], by encoder: JSONEncoder = AgentLog.encoder()) -> [UInt8] {
        var line = fields
        line["wallNs"] = "\(HostClock.wallNs())"
        guard let bytes = try? encoder.encode(line) else { return [] }
        return Array(bytes) + [UInt8(ascii: "\n")]
    }

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// The fields, with the number of lines like this one that were left out before; nil when this one is to be, too.
    private func thinned(_ level: Level, _ event: String, _ fields: [String: String]) -> [String: String]? {
        let key = event + " " + (fields["lane"] ?? "")
        let nowNs = HostClock.monotonicNs()
        var entry = repeats[key] ?? Repeat()
        defer { repeats[key] = entry }
        entry.lines += 1
        if entry.lines > limits.repeats, nowNs - entry.lastNs < limits.repeatIntervalNs {
            entry.leftOut += 1
            leftOut[level, default: 0] += 1
            return nil
        }
        var line = fields
        if entry.leftOut > 0 { line["leftOutBefore"] = "\(entry.leftOut)" }
        entry.leftOut = 0
        entry.lastNs = nowNs
        return line
    }

    private func append(_ fields: [String: String], limit: Int) -> Bool {
        let bytes = Self.line(fields, by: encoder)
        guard !bytes.isEmpty, written + bytes.count <= limit else { return false }
        written += bytes.count
        writer.append(bytes, to: "log.jsonl")
        return true
    }
}
