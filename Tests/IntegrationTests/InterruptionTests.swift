import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Ctrl-C in every phase: agents stopped, data home, status 130, and nothing left on any host.
    struct InterruptionTests {
        /// A run in a lab that is to be interrupted.
        private struct Candidate {
            let lab: NetworkLabCommand
            let folder: String
            let listeners: Set<String>

            func start(
                _ name: String,
                _ changes: [(String, String)] = [],
                _ arguments: [String] = []
            ) throws -> LatexpInLab {
                let own = folder + "/" + name
                try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
                // Several go on at once: each with a port of its own.
                let port = ("8080", "\(8100 + name.utf8.reduce(0) { $0 + Int($1) } % 97)")
                let file = try lab.experiment(in: own, seconds: 40, replacing: [port] + changes)
                return try LatexpInLab(["run", file] + arguments, runs: own + "/runs", lab: lab)
            }

            /// Interrupts once, and looks how the run ends.
            ///
            /// - Parameter others: who listens though this run is over, since other runs go on.
            func interrupt(
                _ run: LatexpInLab,
                besides others: Set<String> = [],
                at location: SourceLocation = #_sourceLocation
            ) async throws {
                let start = ContinuousClock.now
                run.signal(SIGINT)
                #expect(try await run.end() == 130, "\(run.said)", sourceLocation: location)
                let took = ContinuousClock.now - start
                print("\(run.runs.split(separator: "/").dropLast().last ?? ""): ended \(took) after Ctrl-C")
                #expect(took < .seconds(10), "\(run.said)", sourceLocation: location)
                let record = try LatexpCommand.record(try run.directory)
                #expect(record.outcome == .interrupted && record.exitStatus == 130, sourceLocation: location)
                #expect(run.said.contains("latexp: interrupted"), "\(run.said)", sourceLocation: location)
                try await lab.expectNothingLeft(
                    of: try run.directory,
                    listenersBefore: listeners.union(others),
                    at: location
                )
            }
        }

        @Test("Once, in push, clock wait, start and measurement; and twice", .timeLimit(.minutes(4)))
        func everyPhase() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let candidate = Candidate(lab: lab, folder: folder, listeners: try await lab.listeners())
                    // A clock that is never good enough is waited for.
                    let never = [
                        ("\"maxError\": \"1ms\"", "\"maxError\": \"1ns\""), ("\"wait\": \"60s\"", "\"wait\": \"180s\""),
                    ]
                    let clock = try candidate.start("clock", never)
                    let measuring = try candidate.start("measuring")
                    let twice = try candidate.start("twice")
                    try await clock.waitForPhase("clock")
                    // Whatever is waited for: that a host is cut off is said, and Ctrl-C does not wait for it.
                    for run in [twice, measuring] { try await run.waitForPhase("measure") }
                    try await lab.link("laptop-tokyo", "--cut", "12s")
                    try await clock.waitForPhase("clock", saying: "! tokyo not reached for ")
                    try await candidate.interrupt(clock, besides: try await lab.listeners())

                    for run in [twice, measuring] {
                        try await run.waitForPhase("measure")
                        try await run.waitForGo()
                        try await run.waitForWindow()
                    }
                    twice.signal(SIGINT)
                    twice.signal(SIGTERM)
                    #expect(try await twice.end(within: .seconds(2)) == 130, "\(twice.said)")
                    let name = try LatexpCommand.record(try twice.directory).id
                    #expect(twice.said.contains("`latexp resume \(twice.runs)/\(name)`"), "\(twice.said)")

                    // What the hasty end left is stopped and fetched later.
                    let stop = try await lab.latexp(["stop", "latest", "--runs", twice.runs])
                    #expect(stop.status == 0 && stop.output.contains("stopped on"), "\(stop.output)\(stop.errors)")
                    let resume = try await lab.latexp(["resume", "latest", "--runs", twice.runs])
                    #expect(resume.status == 130, "\(resume.errors)")
                    #expect(resume.output.contains("stopped or interrupted after "), "\(resume.output)")
                    #expect(resume.output.contains(" of 40 s"), "\(resume.output)")
                    let rows = try await lab.latexp(["runs", "--runs", twice.runs])
                    #expect(rows.output.contains("interrupted"), "\(rows.output)")
                    let stopped = try LatexpCommand.analysis(try twice.directory)
                    #expect(stopped.paths.contains { $0.samples > 0 }, "what was measured until then is reported")
                    try await candidate.interrupt(measuring)
                    let record = try LatexpCommand.record(try measuring.directory)
                    let home = try #require(record.blocks.first?.directories["frankfurt"])
                    let samples = try Data(contentsOf: URL(filePath: "\(try measuring.directory)/\(home)/samples.bin"))
                    #expect(samples.count > 10_000, "what was measured is at home")

                    try await lab.expectNothingLeft(
                        of: try twice.directory,
                        listenersBefore: candidate.listeners
                    )
                    try await interruptPush(candidate)
                    try await interruptStart(candidate)
                }
            }
        }

        /// An agent that no host has yet, over a link that takes long for it.
        private func interruptPush(_ candidate: Candidate) async throws {
            let agent = candidate.folder + "/latexp-agent"
            let bytes = try Data(contentsOf: URL(filePath: LatexpCommand.programs + "/latexp-agent"))
            try (bytes + Data((0..<64).map { _ in UInt8.random(in: .min ... .max) }))
                .write(to: URL(filePath: agent))
            try await candidate.lab.link("laptop-tokyo", "--rate", "4M")
            try await candidate.lab.link("laptop-frankfurt", "--rate", "4M")
            let run = try candidate.start("push", [], ["--agent", agent])
            try await run.waitForPhase("push")
            try await Task.sleep(for: .seconds(3))
            try await candidate.interrupt(run)
            let cache = NSHomeDirectory() + "/.cache/latexp/agents"
            let hash = try await SSHServerTools.output("sha256sum", [agent]).prefix(16)
            func ours() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: cache).filter { $0.contains(hash) }
            }
            #expect(try !ours().contains("latexp-agent-\(hash)"), "no half file under the final name")
            // What is still on the slow links arrives before the end does; then the hosts throw the part away.
            for _ in 0..<400 where try !ours().isEmpty { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try ours().isEmpty, "no half file, under whatever name")
            for link in ["laptop-tokyo", "laptop-frankfurt"] {
                try await candidate.lab.link(link, "--rate", "0")
            }
        }

        /// An exchange that does not answer keeps the receiver from becoming ready.
        private func interruptStart(_ candidate: Candidate) async throws {
            try await candidate.lab.link("direct", "--cut", "60s")
            let run = try candidate.start("start")
            try await run.waitForPhase("start frankfurt")
            try await Task.sleep(for: .seconds(3))
            try await candidate.interrupt(run)
        }
    }
}
