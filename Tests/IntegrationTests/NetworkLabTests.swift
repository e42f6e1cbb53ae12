import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Separate hosts with their own addresses, joined by links for packets whose every delay is known.
    struct NetworkLabTests {
        @Test(
            "Medians are within 0.15 ms of each link's own record, the difference within 0.1 ms",
            .timeLimit(.minutes(3))
        )
        func truth() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let file = try lab.experiment(in: folder, seconds: 20)
                    let result = try await lab.latexp(["run", file, "--runs", folder + "/runs"])
                    #expect(result.status == 0, "\(result.errors)")
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    let report = try await lab.script("truth", [directory])
                    #expect(report.status == 0, "\(report.errors)")
                    #expect(report.output.contains("MEASURED BESIDE THE TRUTH"))
                    try Self.checkTruth(directory)
                }
                #expect(LatexpCommand.processes(holding: folder).isEmpty)
            }
        }

        private static func checkTruth(_ directory: String) throws {
            let analysis = try LatexpCommand.analysis(directory)
            let truth = try #require(analysis.labTruth)
            #expect(truth.paths.map(\.path) == ["baseline", "backbone"])
            for path in truth.paths {
                let error = try #require(path.errorMedianNs)
                print("\(path.path): stamped \(error / 1e3) us after the link's delivery at the median")
                #expect(path.compared > 500, "too few events were compared: \(path.compared)")
                #expect(abs(error) <= 150_000)
            }
            let measured = try #require(analysis.differences.first?.summaryNs.median)
            let known = try #require(truth.differenceMedianNs)
            print("difference: measured \(measured / 1e6) ms, true \(known / 1e6) ms")
            #expect(abs(measured - known) <= 100_000)
            #expect(analysis.conservation.allSatisfy { $0.mismatches.isEmpty })
        }

        @Test(
            "A backbone that loses packets and is cut for a second loses no event unaccounted",
            .timeLimit(.minutes(3))
        )
        func cut() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let file = try lab.experiment(in: folder, seconds: 15)
                    try await lab.link("backbone", "--loss", "1%")
                    async let run = lab.latexp(["run", file, "--runs", folder + "/runs"])
                    try await LatexpCommand.waitForPhase("start tokyo", runs: folder + "/runs")
                    try await lab.link("backbone", "--cut", "1s")
                    let result = try await run
                    #expect(result.status <= 1, "\(result.errors)")
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    let analysis = try LatexpCommand.analysis(directory)
                    #expect(!analysis.conservation.isEmpty)
                    for row in analysis.conservation {
                        print("\(row.path) lane \(row.lane): \(row)")
                        #expect(row.mismatches.isEmpty, "\(row)")
                    }
                    let links = try await lab.script("link")
                    #expect(links.output.contains("\"link\":\"backbone\""))
                }
            }
        }
    }
}
