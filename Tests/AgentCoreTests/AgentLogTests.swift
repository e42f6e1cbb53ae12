import Foundation
import TestSupport
import Testing

@testable import AgentCore

struct AgentLogTests {
    /// What a log holds after `body` has written to it.
    private func lines(_ limits: AgentLog.Limits, _ body: (AgentLog) -> Void) throws -> (
        lines: [[String: String]], octets: Int
    ) {
        try withTemporaryFolder { folder in
            let writer = try BackgroundWriter(directory: folder)
            let log = AgentLog(writer: writer, limits: limits)
            body(log)
            writer.finish()
            let data = try Data(contentsOf: URL(filePath: folder + "/log.jsonl"))
            let lines = try data.split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode([String: String].self, from: $0)
            }
            return (lines, data.count)
        }
    }

    private static func limits(octets: Int = 8_000, reserve: Int = 1_000, repeats: Int = 1_000) -> AgentLog.Limits {
        var limits = AgentLog.Limits()
        limits.octets = octets
        limits.reserve = reserve
        limits.repeats = repeats
        return limits
    }

    @Test func `a line says when, how much it matters, what happened, and what belongs to it`() throws {
        let (lines, _) = try lines(AgentLog.Limits()) {
            $0.write(.warning, "feed.closed", ["lane": "a/0", "reason": "x\ny"])
        }
        let line = try #require(lines.first)
        #expect(line["level"] == "warning" && line["event"] == "feed.closed")
        #expect(line["lane"] == "a/0" && line["reason"] == "x\ny")
        #expect((line["wallNs"].flatMap { Int64($0) } ?? 0) > 1_700_000_000_000_000_000)
    }

    @Test func `a full log keeps room for warnings, errors and the end, and counts what it left out`() throws {
        // Few enough at a time for the writer's queue.
        let (lines, octets) = try lines(Self.limits()) { log in
            for number in 0..<80 { log.write(.info, "info\(number)") }
            for number in 0..<60 { log.write(.warning, "warning\(number)") }
            for number in 0..<40 { log.write(.error, "error\(number)") }
            log.writeEnd(["reason": "told to stop"])
        }
        #expect(octets <= 8_000)
        for level in ["info", "warning", "error"] {
            let written = lines.count { $0["level"] == level && $0["event"]?.hasPrefix(level) == true }
            #expect(written > 5, "\(level) has some room")
        }
        let account = try #require(lines.dropLast().last)
        #expect(account["event"] == "log.leftOut")
        let written = lines.count { $0["event"]?.hasPrefix("info") == true }
        #expect(account["info"] == "\(80 - written)")
        #expect(lines.last?["event"] == "end" && lines.last?["reason"] == "told to stop")
    }

    @Test func `a lane that fails again and again is thinned out, and does not crowd out the others`() throws {
        let (lines, _) = try lines(Self.limits(octets: 1 << 20, repeats: 10)) { log in
            for _ in 0..<150 { log.write(.warning, "feed.closed", ["lane": "a/0"]) }
            log.write(.warning, "feed.closed", ["lane": "a/1"])
            log.writeEnd([:])
        }
        #expect(lines.count { $0["lane"] == "a/0" } == 10)
        #expect(lines.count { $0["lane"] == "a/1" } == 1)
        #expect(lines.dropLast().last?["warning"] == "140")
    }

    @Test func `after the pause a thinned line comes again, with the number of those before it`() throws {
        var limits = Self.limits(repeats: 1)
        limits.repeatIntervalNs = 0
        let (lines, _) = try lines(limits) { log in for _ in 0..<3 { log.write(.info, "x") } }
        #expect(lines.count == 3)
    }
}
