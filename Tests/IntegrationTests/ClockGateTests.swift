import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Nothing is measured with a clock that is not proven good.
    struct ClockGateTests {
        @Test(
            "A bad clock stops the run with status 4, the numbers and advice, before any agent starts",
            .timeLimit(.minutes(2)),
            arguments: [
                ("\"seed\": 1,", "\"seed\": 1, \"clockFault\": \"unsynchronised\",", "not synchronised"),
                ("\"seed\": 1,", "\"seed\": 1, \"clockFault\": \"localReference\",", "only its own clock"),
                ("\"seed\": 1,", "\"seed\": 1, \"clockFault\": \"noDaemon\",", "Cannot talk to daemon"),
                ("\"maxError\": \"1ms\"", "\"maxError\": \"1ns\"", "more than maxError 1ns"),
            ]
        )
        func stops(old: String, new: String, reason: String) async throws {
            try await withTemporaryFolder { folder in
                let replacements = LatexpCommand.short + [(old, new), ("\"wait\": \"60s\"", "\"wait\": \"3s\"")]
                let file = try LatexpCommand.experiment("demo.json", in: folder, replacing: replacements)
                let result = try await LatexpCommand.run(["run", file, "--runs", folder])
                #expect(result.status == 4, "\(result.errors)")
                #expect(result.errors.contains(reason), "\(result.errors)")
                let directory = try LatexpCommand.latestRun(in: folder)
                let record = try LatexpCommand.record(directory)
                #expect(!record.phases.contains { $0.name.hasPrefix("start") })
                #expect(record.outcome == .failed)
                #expect(LatexpCommand.processes(holding: directory).isEmpty)
            }
        }

        @Test(
            "With --allow-unsynchronised the run goes on, and every absolute figure is marked",
            .timeLimit(.minutes(2))
        )
        func allowed() async throws {
            try await withTemporaryFolder { folder in
                let fault = ("\"seed\": 1,", "\"seed\": 1, \"clockFault\": \"unsynchronised\",")
                let wait = ("\"wait\": \"60s\"", "\"wait\": \"1s\"")
                let file = try LatexpCommand.experiment(
                    "demo.json",
                    in: folder,
                    replacing: LatexpCommand.short + [fault, wait]
                )
                let result = try await LatexpCommand.run(["run", file, "--runs", folder, "--allow-unsynchronised"])
                let directory = try LatexpCommand.latestRun(in: folder)
                try LatexpCommand.expectMeasured(directory, status: result.status, result.errors)
                // Wherever the lines are broken.
                let words = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(words.contains("(clock not verified)"), "\(result.output)")
                let analysis = try LatexpCommand.analysis(directory)
                for path in analysis.paths {
                    let endToEnd = try #require(path.metrics.first { $0.metric == .endToEnd })
                    #expect(!endToEnd.bound.isVerified)
                }
            }
        }

        @Test("A host without chronyc is named, with what to install", .timeLimit(.minutes(2)))
        func missingChronyc() async throws {
            try await withTemporaryFolder { folder in
                // This machine as a host, with everything of the usual folders in its path but chronyc.
                let tools = folder + "/tools"
                try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
                for place in ["/usr/bin", "/bin"] {
                    for name in try FileManager.default.contentsOfDirectory(atPath: place) where name != "chronyc" {
                        try? FileManager.default.createSymbolicLink(
                            atPath: "\(tools)/\(name)",
                            withDestinationPath: "\(place)/\(name)"
                        )
                    }
                }
                let file = folder + "/local.json"
                try """
                { "name": "local", "feed": { "streams": ["btcusdt@bookTicker"] }, "hosts": { "here": { "local": true } },
                  "receiver": "here", "paths": [{ "name": "baseline", "kind": "direct" }], "clock": { "wait": "1s" } }
                """.write(toFile: file, atomically: true, encoding: .utf8)
                let result = try await LatexpCommand.run(
                    ["check", file],
                    environment: ["PATH": tools]
                )
                #expect(result.status == 4, "\(result.errors)")
                #expect(result.errors.contains("chronyc"), "\(result.errors)")
                #expect(result.errors.contains("install chrony"), "\(result.errors)")
            }
        }
    }
}
