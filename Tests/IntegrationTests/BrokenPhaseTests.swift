import ExperimentModel
import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// Every line of every checklist, in a lab that is broken just there; all of them side by side on the same two hosts.
    ///
    /// Only the known numbers of `frankfurt-validate` need no lab and cannot be broken by one: `KnownNumbers` has a test.
    struct BrokenPhaseTests {
        @Test("Each line of a checklist fails for its reason, and no other line does", .timeLimit(.minutes(4)))
        func everyLine() async throws {
            try await withTemporaryFolder { folder in
                let shim = try await ClockShim.build(in: folder)
                try await Self.makeStrangersCertificate(folder)
                try FileManager.default.createDirectory(
                    atPath: folder + "/lossy",
                    withIntermediateDirectories: true
                )
                try await NetworkLabCommand.with(folder) { lab in
                    // A second lab, since loss on a link is everybody's.
                    try await NetworkLabCommand.with(folder + "/lossy") { lossy in
                        try await lossy.link("backbone", "--loss", "10%")
                        let worlds = (
                            whole: FailingRuns(lab: lab, folder: folder), lossy: FailingRuns(lab: lossy, folder: folder)
                        )
                        let before = (whole: try await lab.listeners(), lossy: try await lossy.listeners())
                        let phases = BrokenPhase.all(shim: shim, world: worlds.whole)
                        let runs = try await Self.judge(phases) { index, phase in
                            let world = phase.isInLossyLab ? worlds.lossy : worlds.whole
                            return try await phase.judge(in: world, port: phase.port ?? 8_200 + index)
                        }
                        for (phase, run) in zip(phases, runs) {
                            let (lab, before) = phase.isInLossyLab ? (lossy, before.lossy) : (lab, before.whole)
                            try await lab.expectNothingLeft(of: run, listenersBefore: before)
                        }
                    }
                }
            }
        }

        /// How many go on side by side: two cores are few.
        private static let atOnce = 10

        /// Goes through all of them; gives the directories of their runs.
        private static func judge(
            _ phases: [BrokenPhase],
            _ one: @escaping @Sendable (Int, BrokenPhase) async throws -> String
        ) async throws -> [String] {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                var runs = [String](repeating: "", count: phases.count)
                for (index, phase) in phases.enumerated() {
                    if index >= atOnce, let (done, run) = try await group.next() { runs[done] = run }
                    group.addTask { (index, try await one(index, phase)) }
                }
                for try await (done, run) in group { runs[done] = run }
                return runs
            }
        }

        /// The certificate of an authority that the exchange knows nothing of.
        private static func makeStrangersCertificate(_ folder: String) async throws {
            _ = try await SSHServerTools.output(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj",
                    "/CN=stranger", "-keyout", folder + "/stranger.key", "-out", folder + "/stranger.pem",
                ]
            )
        }
    }
}

/// One checklist gone through in a lab with one fault.
private struct BrokenPhase: Sendable {
    /// What is done while it measures.
    enum Harm: Sendable { case killForwarder, stepClock, blockReport }

    var sequence: String
    var name: String
    /// Each line's mark in order: `+` passed, `x` failed, `-` not reached.
    var marks: String
    /// What the failed line says, or the fifth one when none fails.
    var says: String
    var status: Int32 = 5
    var changes: [(String, String)] = []
    var agent: String?
    var port: Int?
    var harm: Harm?
    var isInLossyLab = false

    /// Whether an agent is waited for that never becomes ready.
    private var waitsInVain: Bool { status == 5 && marks.contains("-") }

    static func all(shim: ClockShim, world: FailingRuns) -> [BrokenPhase] {
        // Those whose agents wait in vain take longest.
        let all = tokyo(shim) + frankfurt(shim, world) + backbone(world)
        return all.filter(\.waitsInVain) + all.filter { !$0.waitsInVain }
    }

    private static func feed(_ path: String) -> [(String, String)] { [("exchange.lab/public", "exchange.lab/\(path)")] }

    private static let badClock = [
        ("\"maxError\": \"1ms\", \"wait\": \"60s\"", "\"maxError\": \"1ns\", \"wait\": \"1s\"")
    ]
    private static let overUDP = [("\"to\": \"private\"", "\"to\": \"private\", \"transport\": \"udp\"")]

    private static func tokyo(_ shim: ClockShim) -> [BrokenPhase] {
        func broken(_ name: String, _ marks: String, _ says: String) -> BrokenPhase {
            BrokenPhase(sequence: "tokyo-validate", name: "tokyo-\(name)", marks: marks, says: says)
        }
        var clock = broken("clock", "x+-----", "more than maxError 1ns")
        (clock.changes, clock.status) = (badClock, 4)
        var deploy = broken("deploy", "-x-----", "no program")
        (deploy.agent, deploy.status) = ("echo 'no program' >&2; exit 9", 3)
        var connect = broken("connect", "++x----", "404")
        connect.changes = feed("nowhere")
        var mute = broken("mute", "+++x---", "no event came: ")
        mute.changes = feed("mute/public")
        var torn = broken("torn", "+++x---", "of them unusable: ")
        torn.changes = feed("torn/public")
        var ahead = broken("ahead", "++++x++", "a clock is wrong")
        ahead.changes = feed("ahead/public")
        var loss = broken("loss", "+++++x+", "breaks in the numbers")
        (loss.changes, loss.isInLossyLab) = (overUDP, true)
        var stamps = broken("stamps", "++++++x", "events without the kernel's time")
        stamps.agent = shim.agent("forward", "NO_STAMPS=1")
        var selfTest = broken("selftest", "++----x", "no figures today")
        selfTest.agent = "case $1 in selftest) echo 'no figures today' >&2; exit 3 ;; esac\nexec \"$real\" \"$@\""
        return [clock, deploy, connect, mute, torn, ahead, loss, stamps, selfTest]
    }

    private static func frankfurt(_ shim: ClockShim, _ world: FailingRuns) -> [BrokenPhase] {
        func broken(_ name: String, _ marks: String, _ says: String) -> BrokenPhase {
            BrokenPhase(sequence: "frankfurt-validate", name: "frankfurt-\(name)", marks: marks, says: says)
        }
        var clock = broken("clock", "x--+-", "more than maxError 1ns")
        (clock.changes, clock.status) = (badClock, 4)
        var connect = broken("connect", "+x-+-", "certificate")
        connect.changes = [(world.lab.directory + "/world/ca.pem", world.folder + "/stranger.pem")]
        var ahead = broken("ahead", "++x++", "a clock is wrong")
        ahead.changes = feed("ahead/public")
        var step = broken("step", "++x++", "the wall clock jumped 1 times")
        (step.agent, step.harm) = (shim.agent("receive", "STEP_FILE='\(world.folder)/step'"), .stepClock)
        var report = broken("report", "++++x", "report.html")
        report.harm = .blockReport
        return [clock, connect, ahead, step, report]
    }

    private static func backbone(_ world: FailingRuns) -> [BrokenPhase] {
        func broken(_ name: String, _ marks: String, _ says: String) -> BrokenPhase {
            BrokenPhase(sequence: "backbone-validate", name: "backbone-\(name)", marks: marks, says: says)
        }
        var address = broken("address", "x+----", "10.1.1.99")
        address.changes = [(world.lab.directory + "/world/hosts.json", world.folder + "/astray.json")]
        var port = broken("port", "-x----", "TCP port 22 is taken")
        (port.port, port.status) = (22, 3)
        var secret = broken("secret", "++x---", "the receiver refused: the proof of the run's secret is wrong")
        secret.agent = """
            case $1 in forward) printf '%064d\\n' 0 >secret ;; esac
            exec "$real" "$@"
            """
        var mute = broken("mute", "+++x--", "no event arrived; the forwarder's feed: ")
        mute.changes = feed("mute/public")
        var killed = broken("killed", "++++x+", "goodbye with its totals never came")
        killed.harm = .killForwarder
        var ahead = broken("ahead", "+++++x", "a clock is wrong")
        ahead.changes = feed("ahead/public")
        // Nothing is wrong with these: over UDP, and with packets lost there, every event is accounted for.
        var datagrams = broken("udp", "++++++", "lost on the way 0; across a reconnection that was provoked")
        (datagrams.changes, datagrams.status) = (overUDP, 0)
        var loss = broken("loss", "++++++", "across a reconnection that was provoked")
        (loss.changes, loss.status, loss.isInLossyLab) = (overUDP, 0, true)
        return [address, port, secret, mute, killed, ahead, datagrams, loss]
    }

    /// Goes through the checklist and looks at every line's verdict; gives the run's directory.
    func judge(in world: FailingRuns, port: Int) async throws -> String {
        let run = try start(in: world, port: port)
        if let harm {
            try await run.waitForPhase("measure")
            try await run.waitForGo(sequence == "frankfurt-validate" ? ["frankfurt"] : ["frankfurt", "tokyo"])
            try await doHarm(harm, to: run, in: world.folder)
        }
        try await expectVerdicts(of: run)
        return try run.directory
    }

    /// Clocks are given room, for a busy machine answers late.
    private func start(in world: FailingRuns, port: Int) throws -> LatexpInLab {
        let room = ("\"maxError\": \"1ms\"", "\"maxError\": \"20ms\"")
        let isAboutClock = changes.contains { $0.0.contains("maxError") }
        if name == "backbone-address" { try Self.writeAstrayInventory(world) }
        return try world.start(
            name,
            port: port,
            changes + (isAboutClock ? [] : [room]),
            agent: agent,
            command: ["phase", sequence]
        )
    }

    /// What can only be broken once the measurement goes on.
    private func doHarm(_ harm: Harm, to run: LatexpInLab, in folder: String) async throws {
        switch harm {
        case .killForwarder: #expect(try FailingRuns.kill(agentOf: "tokyo", of: run) > 0)
        case .stepClock: _ = FileManager.default.createFile(atPath: folder + "/step", contents: nil)
        case .blockReport:
            try FileManager.default.createDirectory(
                atPath: try run.directory + "/report.html/in the way",
                withIntermediateDirectories: true
            )
        }
    }

    /// The lab's hosts, with a private address that is nobody's.
    private static func writeAstrayInventory(_ world: FailingRuns) throws {
        let text = try String(contentsOfFile: world.lab.directory + "/world/hosts.json", encoding: .utf8)
        try #require(text.contains("\"10.1.1.10\""))
        try text.replacingOccurrences(of: "\"10.1.1.10\"", with: "\"10.1.1.99\"")
            .write(toFile: world.folder + "/astray.json", atomically: true, encoding: .utf8)
    }

    private func expectVerdicts(of run: LatexpInLab, at location: SourceLocation = #_sourceLocation) async throws {
        #expect(try await run.end(within: .seconds(150)) == status, "\(name): \(run.said)", sourceLocation: location)
        var found = ""
        var details: [String] = []
        for number in 1...marks.count {
            let line = run.said.split(separator: "\n").last { $0.hasPrefix("\(number). ") } ?? ""
            let mark = line.split(separator: " ").dropFirst().first ?? ""
            found += ["✓": "+", "✗": "x", "!": "!", "–": "-"][mark] ?? "?"
            details.append(String(line))
        }
        #expect(found == marks, "\(name): \(details.joined(separator: "\n"))", sourceLocation: location)
        let index = marks.firstIndex(of: "x").map { marks.distance(from: marks.startIndex, to: $0) } ?? 4
        #expect(details[index].contains(says), "\(name): \(details[index])", sourceLocation: location)
        print("\(name): \(details[index])")
    }
}
