import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Two runs, one path each, held against each other; the same runs' files have the first design's names.
    struct CompareTests {
        @Test("Two runs of one path each are compared in every format", .timeLimit(.minutes(3)))
        func compare() async throws {
            try await withTemporaryFolder { folder in
                let longer = [
                    ("\"duration\": \"30s\"", "\"duration\": \"10s\""), ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\""),
                ]
                for name in ["demo-baseline.json", "demo-backbone.json"] {
                    let file = try LatexpCommand.experiment(name, in: folder, replacing: longer)
                    let result = try await LatexpCommand.run(["run", file, "--runs", folder])
                    #expect(result.status == 0, "\(result.errors)")
                }
                let compare = ["compare", "demo-baseline", "demo-backbone", "--runs", folder, "--format"]
                let text = try await LatexpCommand.run(compare + ["text"])
                #expect(text.status == 0, "\(text.errors)")
                #expect(text.output.contains("is sooner than"), "\(text.output)")
                #expect(text.output.contains("time of day"), "\(text.output)")
                let patterns = ["compare", "demo-base*", "demo-back*", "--runs", folder, "--format", "text"]
                let byPattern = try await LatexpCommand.run(patterns)
                #expect(byPattern.output == text.output)
                let same = try await LatexpCommand.run(["compare", "demo-*", "demo-base*", "--runs", folder])
                #expect(same.status != 0 && same.errors.contains("on both sides: demo-baseline"), "\(same.errors)")
                let markdown = try await LatexpCommand.run(compare + ["markdown"])
                #expect(markdown.output.contains("| :-- | --: |"), "\(markdown.output)")
                let json = try await LatexpCommand.run(compare + ["json"])
                #expect(
                    (try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])?["verdict"]
                        != nil
                )
                let csv = try await LatexpCommand.run(compare + ["csv"])
                let widths = Set(
                    csv.output.split(separator: "\r\n").map {
                        $0.split(separator: ",", omittingEmptySubsequences: false).count
                    }
                )
                #expect(widths.count == 1, "\(csv.output)")
                try await Self.checkResultFiles(folder)
            }
        }

        /// `results-<path>.json` and `samples.csv`, by the names that the first design gave.
        private static func checkResultFiles(_ folder: String) async throws {
            for (name, setup) in [("baseline", "baseline"), ("backbone", "aws-backbone")] {
                let runs = try FileManager.default.contentsOfDirectory(atPath: folder)
                let run = try #require(runs.first { $0.hasPrefix("demo-\(name)-2") })
                let path = "\(folder)/\(run)/hosts/frankfurt/results-\(name).json"
                let results = try LatexpCommand.decode(PathResults.self, path)
                #expect(results.setupType == setup)
                #expect(results.sampleCount > 100)
                #expect(results.eventsLost == 0)
                let median = try #require(results.medianLatencyMs)
                #expect(abs(median - (name == "baseline" ? 118.6 : 112.7)) < 6)
                #expect((results.backboneMedianLatencyMs != nil) == (name == "backbone"))
                let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
                let keys = Set((object as? [String: Any] ?? [:]).keys)
                #expect(
                    keys.isSuperset(of: [
                        "setup_type", "sample_count", "events_lost", "avg_latency_ms", "median_latency_ms",
                        "p95_latency_ms", "p99_latency_ms", "min_latency_ms", "max_latency_ms", "jitter_stddev_ms",
                        "backbone_avg_latency_ms", "backbone_median_latency_ms",
                    ])
                )
                let csv = try String(contentsOfFile: "\(folder)/\(run)/samples.csv", encoding: .utf8)
                #expect(
                    csv.hasPrefix(
                        "sequence_id,binance_event_time,tokyo_receive_time,frankfurt_receive_time,"
                            + "end_to_end_latency_ms,backbone_latency_ms,"
                    )
                )
            }
        }

        @Test(
            "Spot has no event time: a warning before, the exact difference after, never an empty result",
            .timeLimit(.minutes(2))
        )
        func spot() async throws {
            try await withTemporaryFolder { folder in
                let spot = [
                    ("\"market\": \"usdm\"", "\"market\": \"spot\""),
                    ("\"duration\": \"30s\"", "\"duration\": \"16s\""),
                ]
                let file = try LatexpCommand.experiment("demo.json", in: folder, replacing: spot)
                let result = try await LatexpCommand.run(["run", file, "--runs", folder])
                #expect(result.status == 0, "\(result.errors)")
                let warning = try #require(result.errors.range(of: "no event time in this stream"), "\(result.errors)")
                let connecting = try #require(result.errors.range(of: "connect done"))
                #expect(warning.lowerBound < connecting.lowerBound)
                #expect(result.output.contains("no event time in this stream"))
                let analysis = try LatexpCommand.analysis(try LatexpCommand.latestRun(in: folder))
                let truth = try #require(analysis.labTruth?.differenceMedianNs)
                let measured = try #require(analysis.differences.first?.firstArrivalsNs.median)
                #expect(abs(measured - truth) <= 300_000)
                #expect(analysis.verdict.winner == "backbone")
            }
        }
    }
}
