import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Runs that fail, each in another phase, at the same time on the same hosts: each says why, and leaves nothing.
    struct FailureTests {
        @Test("In connect, inspect, push, clock, start, measure and collect", .timeLimit(.minutes(3)))
        func everyPhase() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    let world = FailingRuns(lab: lab, folder: folder)
                    // It has the port that the run for `inspect` wants.
                    let measure = try world.start("measure", port: 8091)
                    let collect = try world.start("collect", port: 8092, agent: Self.losesItsSummary)
                    let start = try world.start("start", port: 8093, agent: Self.doesNotStart)
                    let push = try world.start("push", port: 8094, agent: "echo 'no program' >&2; exit 9")
                    let clock = try world.start(
                        "clock",
                        port: 8095,
                        [("\"maxError\": \"1ms\", \"wait\": \"60s\"", "\"maxError\": \"1ns\", \"wait\": \"1s\"")]
                    )
                    let connect = try world.start("connect", port: 8096, [(lab.directory, try world.otherHostKeys())])
                    try await world.expect(connect, fails: "connect", 3, saying: "HOST KEY")
                    try await world.expect(push, fails: "push", 3, saying: "no program")
                    try await world.expect(clock, fails: "clock", 4, saying: "clock")
                    try await measure.waitForPhase("measure")
                    try await measure.waitForGo()
                    let inspect = try world.start("inspect", port: 8091)
                    try await world.expect(inspect, fails: "inspect", 3, saying: "TCP port 8091 is taken: the run")
                    try await world.expect(start, fails: "start frankfurt", 5, saying: "ended with status 7")
                    #expect(try FailingRuns.kill(agentOf: "frankfurt", of: measure) > 0)
                    try await world.expect(measure, fails: "measure", 5, saying: "frankfurt")
                    try await world.expect(collect, fails: "collect", 5, saying: "summary.json missing")

                    for run in [connect, inspect, push, clock, start, measure, collect] {
                        try await lab.expectNothingLeft(of: try run.directory, listenersBefore: before)
                    }
                }
            }
        }

        private static let doesNotStart = """
            case $1 in receive) echo 'no room' >&2; exit 7 ;; esac
            exec "$real" "$@"
            """
        private static let losesItsSummary = """
            case $1 in receive) ;; *) exec "$real" "$@" ;; esac
            "$real" "$@"
            status=$?
            rm -f summary.json
            exit "$status"
            """

        @Test("The wall clock of a host jumps by an hour during the run: the run says so", .timeLimit(.minutes(3)))
        func clockStep() async throws {
            try await withTemporaryFolder { folder in
                let shim = try await ClockShim.build(in: folder)
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    let world = FailingRuns(lab: lab, folder: folder)
                    // While one comes up, the other must not measure yet: both shall have a verdict.
                    let longWarmUp = [("\"warmUp\": \"1s\"", "\"warmUp\": \"5s\"")]
                    var runs: [(verb: String, host: String, run: LatexpInLab)] = []
                    for (verb, host, port) in [("receive", "frankfurt", 8097), ("forward", "tokyo", 8098)] {
                        let agent = shim.agent(verb, "STEP_FILE='\(folder)/step'")
                        let run = try world.start(verb, port: port, seconds: 20, longWarmUp, agent: agent)
                        runs.append((verb, host, run))
                    }
                    for (_, _, run) in runs {
                        try await run.waitForPhase("measure")
                        try await run.waitForGo()
                        try await run.waitForWindow()
                    }
                    _ = FileManager.default.createFile(atPath: folder + "/step", contents: nil)
                    for (_, host, run) in runs {
                        let status = try await run.end()
                        let analysis = try LatexpCommand.analysis(try run.directory)
                        let warning = try #require(analysis.warnings.first { $0.code == .clockStepped })
                        #expect(warning.text.contains(host), "\(warning)")
                        let steps = analysis.hosts.first { $0.name == host }?.clock.stepsNs ?? []
                        #expect(
                            steps.count == 1 && abs((steps.first ?? 0) - 3_600_000_000_000) < 50_000_000,
                            "\(steps)"
                        )
                        // Pairs are compared on the receiver's monotonic clock, which never jumps.
                        #expect(!analysis.differences.isEmpty, "\(run.said)")
                        #expect(status == 0 && analysis.verdict.winner == "backbone", "\(run.said)")
                        try await lab.expectNothingLeft(of: try run.directory, listenersBefore: before)
                    }
                }
            }
        }
    }
}
