import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Runs outlive the laptop's latexp and its connections, and nothing is left of them afterwards.
    struct DetachedRunTests {
        /// How long the links are cut: longer than the three keep-alive intervals after which a connection is given up.
        ///
        /// `LATEXP_CUT_SECONDS=60` in the environment makes it a minute, which CI has no time for.
        private static let cutSeconds =
            ProcessInfo.processInfo.environment["LATEXP_CUT_SECONDS"].flatMap { Int($0) } ?? 20

        /// Long enough for a verdict.
        private static let windowSeconds = 20
        /// While it goes on, the other run of a round may still be coming up.
        private static let warmUpSeconds = 3

        @Test(
            "A run whose latexp is killed, one whose links are cut, and one undisturbed come to the same result",
            .timeLimit(.minutes(4))
        )
        func killedAndCut() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    // Two at a time on the same two hosts: each shall have a verdict, and four take it from each other.
                    let (undisturbed, killed) = try await Self.killOne(folder, lab)
                    let (cut, late) = try await Self.cutOneAndKillTheOther(folder, lab)
                    let truth = try LatexpCommand.analysis(try undisturbed.directory)
                    for run in [undisturbed, cut, killed, late] {
                        try Self.expectSame(try LatexpCommand.analysis(try run.directory), truth)
                        try await lab.expectNothingLeft(of: try run.directory, listenersBefore: before)
                    }
                    try await Self.expectStatusOfAFinishedRun(late, lab)
                }
            }
        }

        private static func start(
            _ name: String,
            _ folder: String,
            _ lab: NetworkLabCommand,
            seconds: Int = windowSeconds,
            port: Int,
            _ more: [String] = []
        ) throws -> LatexpInLab {
            let own = folder + "/" + name
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            let file = try lab.experiment(
                in: own,
                seconds: seconds,
                replacing: [("8080", "\(port)"), ("\"warmUp\": \"3s\"", "\"warmUp\": \"\(warmUpSeconds)s\"")]
            )
            return try LatexpInLab(["run", file] + more, runs: own + "/runs", lab: lab)
        }

        private static func killLatexp(of run: LatexpInLab) async throws {
            try await run.waitForPhase("measure")
            try await run.waitForGo()
            run.signal(SIGKILL)
            #expect(try await run.end() == -SIGKILL)
        }

        private static func resume(_ run: LatexpInLab, _ lab: NetworkLabCommand) async throws {
            let resumed = try await lab.latexp(["resume", "latest", "--runs", run.runs])
            try expectMeasured(run, status: resumed.status, resumed.errors)
        }

        /// Measured to the end, every message accounted for, and no other verdict than the right one: a busy machine may leave
        /// an interval too wide for any.
        private static func expectMeasured(_ run: LatexpInLab, status: Int32, _ said: String) throws {
            try LatexpCommand.expectMeasured(try run.directory, status: status, said)
        }

        /// One goes on; of the other the latexp is killed, and another attaches to its agents while they measure.
        private static func killOne(
            _ folder: String,
            _ lab: NetworkLabCommand
        ) async throws -> (undisturbed: LatexpInLab, killed: LatexpInLab) {
            let undisturbed = try start("undisturbed", folder, lab, port: 8081, ["--format", "json"])
            let killed = try start("killed", folder, lab, port: 8082)
            try await killLatexp(of: killed)
            try await expectAbandonedButMeasuring(killed, lab)
            try await resume(killed, lab)
            try expectMeasured(undisturbed, status: try await undisturbed.end(), undisturbed.said)
            try expectEvents(of: undisturbed)
            return (undisturbed, killed)
        }

        /// The laptop's links are cut; when they are back, the agents of the one whose latexp was killed have ended by themselves.
        private static func cutOneAndKillTheOther(
            _ folder: String,
            _ lab: NetworkLabCommand
        ) async throws -> (cut: LatexpInLab, late: LatexpInLab) {
            let cut = try start("cut", folder, lab, seconds: cutSeconds + 12, port: 8083)
            let late = try start("late", folder, lab, seconds: cutSeconds + 8, port: 8084)
            try await killLatexp(of: late)
            try await cut.waitForPhase("measure")
            // A cut that comes before the agents are told to go is waited for there, and not while the run is watched.
            try await cut.waitForGo()
            for link in ["laptop-tokyo", "laptop-frankfurt"] {
                try await lab.link(link, "--cut", "\(cutSeconds)s")
            }
            try expectMeasured(cut, status: try await cut.end(within: .seconds(90 + cutSeconds)), cut.said)
            #expect(cut.said.contains("frankfurt not reached for"), "\(cut.said)")
            try await resume(late, lab)
            return (cut, late)
        }

        /// Its latexp is gone, its agents are not: `runs` and `status` say so, to people and to programs.
        private static func expectAbandonedButMeasuring(_ run: LatexpInLab, _ lab: NetworkLabCommand) async throws {
            struct Row: Decodable {
                var outcome: String
            }
            struct Status: Decodable {
                struct Agent: Decodable {
                    var host: String
                    var process: String
                    var state: String
                    var events: Int
                }
                var outcome: String
                var agents: [Agent]
            }
            let list = try await lab.latexp(["runs", "--runs", run.runs, "--format", "json"])
            #expect(try JSONDecoder().decode([Row].self, from: Data(list.output.utf8)).map(\.outcome) == ["abandoned"])
            let answer = try await lab.latexp(["status", "latest", "--runs", run.runs, "--format", "json"])
            #expect(answer.status == 0, "\(answer.errors)")
            let status = try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
            #expect(status.outcome == "abandoned")
            #expect(status.agents.map(\.host).sorted() == ["frankfurt", "tokyo"])
            #expect(status.agents.allSatisfy { $0.process == "running" && $0.events > 0 })
            #expect(status.agents.contains { $0.state == "measuring" })
            let text = try await lab.latexp(["status", "latest", "--runs", run.runs])
            #expect(text.output.contains("frankfurt, block 1: the agent is running, measuring"), "\(text.output)")
        }

        /// A run tells programs all that it tells people.
        private static func expectEvents(of run: LatexpInLab) throws {
            let events = try run.events
            func all(_ kind: String) -> [[String: JSONValue]] { events.filter { $0["event"] == .string(kind) } }
            #expect(all("run").count == 1)
            let record = try LatexpCommand.record(try run.directory)
            #expect(all("phase began").map { $0["phase"] } == record.phases.map { .string($0.name) })
            #expect(all("phase ended").count == record.phases.count)
            #expect(all("checked").count == record.phases.flatMap(\.checks).count)
            // A look a second.
            let seconds = warmUpSeconds + windowSeconds
            #expect((seconds / 2...seconds + 10).contains(all("live").count), "\(all("live").count)")
            let last = try #require(all("live").last)
            #expect(last["totalSeconds"] == .number(Double(seconds)), "\(last)")
            // Once the window is over the lanes close; before, both bring events.
            let isStreaming = all("live").contains { event in
                guard case .array(let paths)? = event["paths"], case .object(let path)? = paths.last else {
                    return false
                }
                return path["path"] == .string("backbone") && path["streaming"] == .number(2)
            }
            #expect(isStreaming, "\(all("live"))")
        }

        private static func expectStatusOfAFinishedRun(_ run: LatexpInLab, _ lab: NetworkLabCommand) async throws {
            let status = try await lab.latexp(["status", "latest", "--runs", run.runs])
            #expect(status.output.contains(": done\n"), "\(status.output)")
            #expect(status.output.contains("frankfurt, block 1: finished, its files are here"), "\(status.output)")
            struct Stopped: Decodable {
                var stopped: [String]
            }
            let stop = try await lab.latexp(["stop", "latest", "--runs", run.runs, "--format", "json"])
            #expect(stop.status == 0, "\(stop.errors)")
            #expect(try JSONDecoder().decode(Stopped.self, from: Data(stop.output.utf8)).stopped.isEmpty)
            let again = try await lab.latexp(["resume", "latest", "--runs", run.runs])
            #expect(again.status == 2 && again.errors.contains("is here already"), "\(again.errors)")
        }

        /// The same figures from the same links.
        ///
        /// What differs is when the events were taken: a young connection still opens its window, so that the direct path's
        /// bursts take longer at first, and the difference with them. The leg between the hosts has none of that.
        private static func expectSame(
            _ found: RunAnalysis,
            _ truth: RunAnalysis,
            at location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(found.paths.map(\.name) == truth.paths.map(\.name), sourceLocation: location)
            let difference = try #require(found.differences.first?.summaryNs.median)
            let known = try #require(truth.differences.first?.summaryNs.median)
            let (leg, knownLeg) = (try legNs(found), try legNs(truth))
            print(
                "Δ \(difference / 1e6) ms, undisturbed \(known / 1e6) ms; leg \(leg / 1e6) ms and \(knownLeg / 1e6) ms"
            )
            #expect(abs(difference - known) <= 600_000, sourceLocation: location)
            #expect(abs(leg - knownLeg) <= 150_000, sourceLocation: location)
        }

        /// The median from Tokyo to Frankfurt.
        private static func legNs(_ analysis: RunAnalysis) throws -> Double {
            let path = try #require(analysis.paths.first { $0.name == "backbone" })
            let leg = try #require(path.metrics.first { $0.metric == .backbone })
            return try #require(leg.quantilesNs.first { $0.probability == 0.5 }?.value)
        }

        @Test(
            "A host that goes down and comes up again: the run says so, brings home the rest, and leaves nothing",
            .timeLimit(.minutes(3))
        )
        func reboot() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    let file = try lab.experiment(in: folder, seconds: 8)
                    let run = try LatexpInLab(["run", file], runs: folder + "/runs", lab: lab)
                    try await run.waitForPhase("measure")

                    // The port is taken now: another run is told so, and by which run, before it disturbs anything.
                    let second = try await lab.latexp(["run", file, "--runs", folder + "/second"])
                    #expect(second.status == 3, "\(second.errors)")
                    let name = try LatexpCommand.record(try run.directory).nameOnHosts
                    #expect(second.errors.contains("TCP port 8080 is taken: the run \(name)"), "\(second.errors)")

                    let namespace = try lab.namespace("tokyo")
                    try await Self.killServersAndAgents(in: namespace)
                    let configuration = lab.directory + "/world/tokyo/sshd.conf"
                    _ = try await SSHServerTools.output(
                        "ip",
                        [
                            "netns", "exec", namespace, "/usr/sbin/sshd", "-f", configuration, "-E",
                            folder + "/sshd.log",
                        ]
                    )
                    defer {
                        let pid = try? String(contentsOfFile: lab.directory + "/world/tokyo/sshd.pid", encoding: .utf8)
                        if let pid = pid.flatMap({ Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) {
                            kill(pid, SIGTERM)
                        }
                    }
                    // The measurement is not what was asked for; what the receiver has is reported all the same.
                    #expect(try await run.end() == 5, "\(run.said)")
                    #expect(run.said.contains("tokyo: summary.json missing: the agent did not finish its work"))
                    #expect(run.said.contains("the forwarder on tokyo is gone without a trace"), "\(run.said)")
                    let record = try LatexpCommand.record(try run.directory)
                    #expect(record.blocks.first?.directories["frankfurt"] != nil)
                    #expect(try LatexpCommand.analysis(try run.directory).paths.first?.name == "baseline")
                    // The rebooted host's chronyd does not run, which is not latexp's to start.
                    let listeners = before.filter { !$0.hasPrefix("tokyo udp") }
                    try await lab.expectNothingLeft(
                        of: try run.directory,
                        listenersBefore: listeners
                    )
                }
            }
        }

        /// Kills what a host's end would kill, but for shells that may be in the middle of root's own start files: they could
        /// leave locks of other programs behind, which a real reboot clears.
        private static func killServersAndAgents(in namespace: String) async throws {
            let pids = try await SSHServerTools.output("ip", ["netns", "pids", namespace])
            for pid in pids.split(whereSeparator: \.isWhitespace).compactMap({ Int32($0) }) {
                let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
                let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
                let isServer = ["sshd\n", "chronyd\n"].contains(name)
                if isServer || place?.contains("/.cache/latexp/runs/") == true { kill(pid, SIGKILL) }
            }
        }
    }
}
