import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization

@testable import Orchestration

/// What happened in a test's world, in order, over all hosts.
final class Journal: Sendable {
    private let entries = Mutex<[String]>([])

    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock { $0 } }
    func contains(_ entry: String) -> Bool { all.contains(entry) }
}

/// A host that answers the scripts of this module from values, and keeps files in memory.
final class FakeHost: RemoteHost {
    struct State {
        /// What the host says of ports that somebody listens on.
        var takenPorts = ""
        /// What a try to reach another host's port brings.
        var reach = "1 224000000\nbash: line 1: connect: Connection refused\n"
        var facts = FakeHost.facts()
        /// What the clock script answers, one after the other; the last stays.
        var clocks = [FakeHost.goodClock]
        var connectError: RemoteHostError?
        var files: [String: [UInt8]] = [:]
        var version = LatexpVersion.text
        /// Looks at the status that are answered with a lost connection, after this many good ones.
        var lostLooks = 0
        var looks = 0
        var uploadError: RemoteHostError?
        var downloadError: RemoteHostError?
        /// The states that the agent's status goes through, one a look after `go`; the last stays.
        var statesAfterGo: [AgentStatus.State] = [.measuring, .measuring, .finishing, .finished]
        var statesBeforeGo: [AgentStatus.State] = [.starting, .ready]
        var arrivesBeforeGo = true
        /// What the agent's lanes say of their failures, and of streams that bring nothing.
        var laneFailure: String?
        var silentStreams: [String]?
        var process = AgentProcessState.absent
        /// How much of the planned window the receiver measures: less than 1 when somebody ends it before its time.
        var measuredShare = 1.0
        /// What a dying agent leaves in its log.
        var log = ""
        var plan: AgentPlan?
        var hasGone = false
        /// Whether nothing is ever answered when its agent is asked for.
        var isSilent = false
    }

    let name: String
    let journal: Journal
    let state: Mutex<State>

    init(_ name: String, _ journal: Journal, _ change: (inout State) -> Void = { _ in }) {
        self.name = name
        self.journal = journal
        var state = State()
        change(&state)
        self.state = Mutex(state)
    }

    static func facts(architecture: String = "x86_64", region: String? = nil, extra: String = "") -> String {
        """
        kernel=Linux 6.1.0 \(architecture)
        architecture=\(architecture)
        system=Debian GNU/Linux 12 (bookworm)
        libc=glibc 2.36
        cpus=2
        memory=1000000000
        disk=9000000000
        chrony=chronyc (chrony) version 4.3 (+READLINE)
        \(region.map { "instance=c7i.large\nregion=\($0)\nzone=apne1-az4" } ?? "")
        \(extra)
        """
    }

    static let moment = "1763850000000000000 1000.5\n"
    static let goodClock = CommandResult(
        exitCode: 0,
        outputBytes: Array(
            (moment
                + "A9FEA97B,169.254.169.123,4,1763849990.1,0.000010,0.000001,0.000012,-1.0,0.0,0.02,0.0002,0.0001,16.0,Normal\n")
                .utf8
        )
    )
    static let badClock = CommandResult(
        exitCode: 0,
        outputBytes: Array(
            (moment + "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n").utf8
        )
    )
    static let noChrony = CommandResult(exitCode: 127, outputBytes: Array(moment.utf8))

    func connect() async throws -> ConnectionFacts {
        journal.add("\(name) connect")
        if let error = state.withLock({ $0.connectError }) { throw error }
        return ConnectionFacts(
            name: name,
            address: "192.0.2.1",
            port: 22,
            user: "admin",
            hostKeyType: "ssh-ed25519",
            hostKeyFingerprint: "SHA256:abc",
            trust: .pinned,
            authentication: "key",
            library: "libssh2",
            serverBanner: "",
            warnings: []
        )
    }

    func run(_ command: RemoteCommand) async throws -> CommandResult {
        try Task.checkCancellation()
        func text(_ text: String) -> CommandResult { CommandResult(exitCode: 0, outputBytes: Array(text.utf8)) }
        switch command.script {
        case HostScripts.facts:
            journal.add("\(name) inspect")
            return text(state.withLock { $0.facts })
        case HostScripts.clock:
            journal.add("\(name) clock")
            return state.withLock { $0.clocks.count > 1 ? $0.clocks.removeFirst() : $0.clocks[0] }
        case HostScripts.sources: return text("^* 169.254.169.123  3  4  377  12  +1us\n")
        case HostScripts.hash:
            guard let file = state.withLock({ $0.files[command.arguments[0]] }) else { return text("") }
            return text(FakeAgents.hash(file) + "\nexecutable\n")
        case HostScripts.reach: return text(state.withLock { $0.reach })
        case HostScripts.takenPorts: return text(state.withLock { $0.takenPorts })
        case HostScripts.version: return text(state.withLock { $0.version } + "\n")
        case HostScripts.prepare:
            journal.add("\(name) prepare \(command.arguments[0])")
            state.withLock { $0.files[command.arguments[0] + "/secret"] = command.input }
        case HostScripts.writeFile:
            state.withLock {
                $0.files[command.arguments[0] + "/" + command.arguments[1]] = command.input
                $0.plan = try? JSONDecoder().decode(AgentPlan.self, from: Data(command.input))
            }
        case HostScripts.go:
            journal.add("\(name) go")
            state.withLock { $0.hasGone = true }
        case HostScripts.readFile: return try read(command.arguments[1])
        case HostScripts.list:
            let folder = command.arguments[0]
            let files = state.withLock { state in
                command.arguments.dropFirst().filter { state.files["\(folder)/\($0)"] != nil }
            }
            return text(files.joined(separator: "\n"))
        case HostScripts.tail: return text(state.withLock { $0.log })
        case HostScripts.remove:
            journal.add("\(name) remove \(command.arguments[0])")
            state.withLock { state in
                for path in state.files.keys where path.hasPrefix(command.arguments[0]) { state.files[path] = nil }
            }
        default:
            throw RemoteHostError(.commandFailed, host: name, "a script that this test's host does not know")
        }
        return text("")
    }

    private func read(_ file: String) throws -> CommandResult {
        if file == "ports.json" {
            let ports = state.withLock { state in
                Dictionary(
                    uniqueKeysWithValues: (state.plan?.paths ?? []).filter { $0.kind == .relay }.map { ($0.name, 8080) }
                )
            }
            return CommandResult(exitCode: 0, outputBytes: Array(try JSONEncoder().encode(ports)))
        }
        let status = try state.withLock { state -> AgentStatus? in
            if state.hasGone, state.lostLooks > 0 {
                state.lostLooks -= 1
                throw RemoteHostError(.connectionLost, host: name, "the connection broke")
            }
            return nextStatus(&state)
        }
        guard let status else { return CommandResult(exitCode: 3) }
        return CommandResult(exitCode: 0, outputBytes: Array(try JSONEncoder().encode(status)))
    }

    private func nextStatus(_ state: inout State) -> AgentStatus? {
        guard let plan = state.plan, state.process != .absent else { return nil }
        func next(_ states: inout [AgentStatus.State]) -> AgentStatus.State {
            states.count > 1 ? states.removeFirst() : states[0]
        }
        let current = state.hasGone ? next(&state.statesAfterGo) : next(&state.statesBeforeGo)
        state.looks += 1
        if current == .finished { finish(plan, &state) }
        let lanes = plan.paths.flatMap { path in
            (0..<path.lanes).map { lane -> LaneStatus in
                var status = LaneStatus(path: path.name, lane: lane, state: .streaming, endpoint: "198.51.100.7:443")
                if path.kind == .direct || state.arrivesBeforeGo || state.hasGone {
                    status.counts.arrived = 10 + state.looks
                }
                status.lastFailure = state.laneFailure
                status.silentStreams = state.silentStreams
                return status
            }
        }
        return AgentStatus(
            runID: plan.runID,
            host: name,
            role: plan.role,
            state: current,
            message: current == .failed ? "the exchange refused the subscription" : nil,
            at: Timestamp(wallNs: Int64(state.looks), monotonicNs: Int64(state.looks)),
            lanes: lanes
        )
    }

    /// What an agent leaves when it ends.
    func finish(_ plan: AgentPlan, _ state: inout State) {
        guard state.process == .running else { return }
        state.process = .exited(0)
        let moment = Timestamp(wallNs: 0, monotonicNs: 0)
        let summary = AgentSummary(
            plan: plan,
            agentVersion: LatexpVersion.text,
            state: .finished,
            reason: "the window is over",
            started: moment,
            ended: moment,
            window: plan.role == .receive
                ? MeasuredWindow(
                    start: moment,
                    end: Timestamp(wallNs: 0, monotonicNs: Int64(Double(plan.duration.ns) * state.measuredShare))
                ) : nil,
            lanes: [],
            receiveTimeSource: "kernel",
            sampleCount: 0
        )
        let folder = RemoteLayout.block(plan.runID, host: name, number: blockNumber(state))
        state.files["\(folder)/summary.json"] = (try? JSONEncoder().encode(summary)).map(Array.init)
        if plan.role == .receive { state.files["\(folder)/samples.bin"] = SampleFile.header() }
        state.files["\(folder)/log.jsonl"] = Array("{}\n".utf8)
    }

    private func blockNumber(_ state: State) -> Int {
        let numbers = state.files.keys.compactMap { path -> Int? in
            guard path.hasSuffix("/plan.json"), let range = path.range(of: "-b", options: .backwards) else {
                return nil
            }
            return Int(path[range.upperBound...].dropLast("/plan.json".count))
        }
        return numbers.max() ?? 1
    }

    func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        journal.add("\(name) upload \(file.remotePath)")
        if let error = state.withLock({ $0.uploadError }) { throw error }
        let bytes = Array(try Data(contentsOf: URL(filePath: file.localPath)))
        state.withLock { $0.files[file.remotePath] = bytes }
        return TransferOutcome(
            bytes: Int64(bytes.count),
            sentBytes: Int64(bytes.count),
            seconds: 0.1,
            sha256: file.sha256 ?? FakeAgents.hash(bytes)
        )
    }

    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        journal.add("\(name) download \(path.split(separator: "/").last ?? "")")
        if let error = state.withLock({ $0.downloadError }) { throw error }
        let bytes = state.withLock { $0.files[path] } ?? []
        try Data(bytes).write(to: URL(filePath: localPath))
        return TransferOutcome(bytes: Int64(bytes.count), sentBytes: Int64(bytes.count), seconds: 0, sha256: "")
    }

    func close() async { journal.add("\(name) close") }
}

/// Agents' processes as values of the fake hosts.
struct FakeProcesses: AgentProcesses {
    func launch(on host: any RemoteHost, directory: String, command: [String], maximumSeconds: Int) async throws {
        guard let host = host as? FakeHost else { return }
        host.journal.add("\(host.name) launch \(command[1])")
        host.state.withLock {
            $0.process = .running
            $0.hasGone = false
            $0.statesAfterGo =
                $0.statesAfterGo.count == 1 && $0.statesAfterGo[0] == .finished
                ? [.measuring, .finished] : $0.statesAfterGo
        }
    }

    func state(on host: any RemoteHost, directory: String) async throws -> AgentProcessState {
        guard let host = host as? FakeHost else { return .absent }
        if host.state.withLock({ $0.isSilent }) { try await Task.sleep(for: .seconds(3_600)) }
        return host.state.withLock { state in
            // A forwarder ends when the receiver says so: here, when it has been told to go.
            if let plan = state.plan, plan.role == .forward, state.hasGone { host.finish(plan, &state) }
            return state.process
        }
    }

    func stop(on host: any RemoteHost, directory: String, grace: Duration) async throws {
        guard let host = host as? FakeHost else { return }
        host.journal.add("\(host.name) stop")
        host.state.withLock { state in
            if let plan = state.plan { host.finish(plan, &state) }
        }
    }
}

/// Agents that are a few octets in a temporary file.
struct FakeAgents: AgentSource {
    let path: String

    func agent(for architecture: String) async throws -> AgentFile {
        guard architecture == "x86_64" else {
            throw OrchestrationError(.agentUnavailable, "no agent for Linux on \(architecture)")
        }
        return AgentFile(path: path, sha256: Self.hash(Array(try Data(contentsOf: URL(filePath: path)))))
    }

    /// Stands for SHA-256: 64 digits that follow the content.
    static func hash(_ bytes: [UInt8]) -> String {
        var value: UInt64 = 1_469_598_103_934_665_603
        for byte in bytes { value = (value ^ UInt64(byte)) &* 1_099_511_628_211 }
        let digits = String(value, radix: 16)
        return String(String(repeating: digits, count: 64).prefix(64))
    }
}
