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
            .timeLimit(.minutes(3)),
            arguments: ["reno", "bbr"]
        )
        func truth(hostsOwnCongestionControl: String) async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let name = "net.ipv4.tcp_congestion_control"
                    let set = try await lab.script(
                        "enter",
                        ["--on", "tokyo", "sysctl", "-w", "\(name)=\(hostsOwnCongestionControl)"]
                    )
                    #expect(set.status == 0, "\(set.errors)")
                    let file = try lab.experiment(in: folder, seconds: 20)
                    let result = try await lab.latexp(["run", file, "--runs", folder + "/runs"])
                    #expect(result.status == 0, "\(result.errors)")
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    let report = try await lab.script("truth", [directory])
                    #expect(report.status == 0, "\(report.errors)")
                    #expect(report.output.contains("MEASURED BESIDE THE TRUTH"))
                    try Self.checkTruth(directory)
                    let linkP99Ms = try await Self.backboneP99Ms(lab)
                    let p99Ms = try Self.relayP99Ms(directory)
                    print(
                        "Tokyo's send to Frankfurt's kernel, p99: \(p99Ms) ms; the link itself: \(linkP99Ms) ms; "
                            + "Tokyo's own congestion control: \(hostsOwnCongestionControl)"
                    )
                    #expect(p99Ms <= linkP99Ms + 1.5, "bursts waited for TCP")
                    let summaryFile = directory + "/hosts/tokyo/block-1/summary.json"
                    let summary = try String(contentsOfFile: summaryFile, encoding: .utf8)
                    #expect(summary.contains(#""details":"cubic""#), "another congestion control was used")
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
            let measured = try #require(analysis.differences.first?.firstArrivalsNs.median)
            let known = try #require(truth.differenceMedianNs)
            print("difference: measured \(measured / 1e6) ms, true \(known / 1e6) ms")
            #expect(abs(measured - known) <= 100_000)
            #expect(analysis.conservation.allSatisfy { $0.mismatches.isEmpty })
        }

        @Test(
            "Over UDP one percent of loss is one percent of the events, exactly those, and no other event waits for it",
            .timeLimit(.minutes(3))
        )
        func datagrams() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let udp = ("\"port\": 8080", "\"port\": 8080, \"transport\": \"udp\"")
                    let file = try lab.experiment(in: folder, seconds: 20, replacing: [udp])
                    try await lab.link("backbone", "--loss", "1%")
                    let result = try await lab.latexp(["run", file, "--runs", folder + "/runs"])
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    try LatexpCommand.expectMeasured(directory, status: result.status, result.errors)
                    let link = try await Self.backbone(lab)
                    let analysis = try LatexpCommand.analysis(directory)
                    let rows = analysis.conservation.filter { $0.path == "backbone" }
                    for row in rows {
                        #expect(row.transport == .udp)
                        #expect(row.mismatches.isEmpty && row.unchecked == nil, "\(row)")
                        #expect(row.duplicates == 0 && row.reordered == 0, "\(row)")
                    }
                    let lost = rows.reduce(0) { $0 + ($1.lostInFlight ?? 0) }
                    let sent = rows.reduce(0) { $0 + ($1.forwarded ?? 0) }
                    let ways = analysis.warnings.filter { $0.code == .datagrams }.map(\.text)
                    print("lost \(lost) of \(sent); the link lost \(link.lostUpdates ?? -1): \(ways)")
                    #expect(rows.count == 2 && lost > 10)
                    #expect(lost == link.lostUpdates)
                    #expect(analysis.strangers.isEmpty)
                    #expect(ways.count == 1)
                    #expect(!result.output.contains("transport, not network"))
                    let linkP99Ms = try #require(link.p99Ms)
                    let p99Ms = try Self.relayP99Ms(directory)
                    print("Tokyo's send to Frankfurt's kernel, p99: \(p99Ms) ms; the link itself: \(linkP99Ms) ms")
                    #expect(p99Ms <= linkP99Ms + 1.5, "events waited for others")
                }
                #expect(LatexpCommand.processes(holding: folder).isEmpty)
            }
        }

        /// The link's own 99th percentile from Tokyo to Frankfurt, in milliseconds.
        private static func backboneP99Ms(_ lab: NetworkLabCommand) async throws -> Double {
            try #require(try await backbone(lab).p99Ms)
        }

        /// What the link did to packets from Tokyo to Frankfurt.
        private struct LinkDirection: Decodable {
            var p99Ms: Double?
            var lostUpdates: Int?
        }

        private static func backbone(_ lab: NetworkLabCommand) async throws -> LinkDirection {
            struct Link: Decodable {
                var link: String
                var outward: LinkDirection
            }
            let answer = try await lab.script("link")
            let links = try JSONDecoder().decode([Link].self, from: Data(answer.output.utf8))
            return try #require(links.first { $0.link == "backbone" }?.outward)
        }

        /// The relay leg's 99th percentile that the run measured, in milliseconds.
        private static func relayP99Ms(_ directory: String) throws -> Double {
            let path = try LatexpCommand.analysis(directory).paths.first { $0.name == "backbone" }
            let leg = try #require(path?.metrics.first { $0.metric == .backbone })
            return try #require(leg.quantilesNs.first { $0.probability == 0.99 }?.value) / 1e6
        }

        @Test(
            "Without priming, bursts wait for TCP's window, and the report says that this is not the network",
            .timeLimit(.minutes(3))
        )
        func unprimed() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let unprimed = "\"relay\": { \"primedOctets\": 0 },\n  \"clock\": {"
                    let file = try lab.experiment(in: folder, seconds: 10, replacing: [("\"clock\": {", unprimed)])
                    let result = try await lab.latexp(["run", file, "--runs", folder + "/runs"])
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    try LatexpCommand.expectMeasured(directory, status: result.status, result.errors)
                    #expect(result.output.contains("transport, not network"), "\(result.output)")
                }
            }
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
                    let directory = try LatexpCommand.latestRun(in: folder + "/runs")
                    try LatexpCommand.expectMeasured(directory, status: result.status, result.errors)
                    for row in try LatexpCommand.analysis(directory).conservation {
                        print("\(row.path) lane \(row.lane): \(row)")
                    }
                    let links = try await lab.script("link")
                    #expect(links.output.contains("\"link\":\"backbone\""))
                }
            }
        }
    }
}
