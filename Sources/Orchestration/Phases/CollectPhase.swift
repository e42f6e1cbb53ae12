import ExperimentModel
import Foundation
import RemoteHosts

/// Brings home what the agents of a block wrote, hashes checked.
struct CollectPhase: RunPhase {
    let block: BlockPlan
    /// After a failure or an interruption: agents are stopped first, and whatever exists is brought home.
    var afterFailure = false

    /// How long agents may take to say goodbye and write their results.
    static let farewell = Duration.seconds(60)
    /// Every file that an agent may leave; the summary is the one that must be there.
    static let files = [
        "summary.json", "samples.bin", "status.json", "log.jsonl", "clock.jsonl", "tcp.jsonl", "out.log", "err.log",
    ]
    /// The largest file of samples that is brought home, octets: more than a week at a thousand a second.
    static let samplesLimitBytes: Int64 = 64 << 30
    static let otherLimitBytes: Int64 = 1 << 30

    func name(for experiment: Experiment) -> String { "collect" + block.suffix }

    func perform(in session: isolated RunSession) async throws {
        let unreachable = session.unreachable
        let placements = session.placements.filter { place in
            place.block == block.number && !unreachable.contains(place.host)
        }
        for host in unreachable.sorted() {
            let text = "not reached: its agent ends by itself at its deadline"
            session.note(CheckRecord(host: host, "files", .warning, text))
        }
        let byHost = Dictionary(placements.map { ($0.host, $0) }) { first, _ in first }
        let names = placements.map(\.host)
        let stopsFirst = afterFailure
        _ = try await session.onEachHost(names, "files", failure: .measurementFailed) { handle in
            guard let placement = byHost[handle.name] else { return }
            try await Self.awaitEnd(of: placement, handle, stopsFirst: stopsFirst, session)
            try await Self.download(placement, handle, session, isComplete: !stopsFirst)
            try await session.register(placement)
        }
        let isLast = block.number == block.count || afterFailure
        if isLast, session.lab != nil { try await takeTruth(in: session) }
    }

    /// Waits for the agent's end; one that does not end, or shall not go on, is stopped.
    private static func awaitEnd(
        of placement: Placement,
        _ handle: RunSession.Handle,
        stopsFirst: Bool,
        _ session: RunSession
    ) async throws {
        let clock = session.environment.clock
        let processes = session.environment.processes
        let end = clock.elapsed + farewell
        while !stopsFirst {
            let state = try await processes.state(on: handle.host, directory: placement.directory)
            guard state == .running else {
                if state != .exited(0) {
                    await session.note(CheckRecord(host: handle.name, "agent", .warning, "it \(state)"))
                }
                return
            }
            guard clock.elapsed < end else {
                await session.note(CheckRecord(host: handle.name, "agent", .warning, "it did not end and was stopped"))
                break
            }
            await session.show(waiting: "\(handle.name): waiting for its agent to end")
            try await clock.sleep(for: .milliseconds(500))
        }
        await session.show(waiting: "\(handle.name): stopping its agent")
        try await processes.stop(on: handle.host, directory: placement.directory, grace: .seconds(10))
    }

    private static func download(
        _ placement: Placement,
        _ handle: RunSession.Handle,
        _ session: RunSession,
        isComplete: Bool
    ) async throws {
        let list = RemoteCommand(
            HostScripts.list,
            arguments: [placement.directory] + files,
            isIdempotent: true
        )
        let result = try await handle.host.run(list)
        let said = Set(result.output.split(separator: "\n").map(String.init))
        let present = files.filter { said.contains($0) }
        let required = placement.role == .receive ? ["summary.json", "samples.bin"] : ["summary.json"]
        let missing = required.filter { !present.contains($0) }
        let target = try session.directory.makeDirectory(localFolder(placement))
        var bytes: Int64 = 0
        for file in present {
            await session.show(waiting: "\(handle.name): bringing home \(file)")
            let outcome = try await handle.host.download(
                "\(placement.directory)/\(file)",
                to: target.appending(path: file).path,
                limitBytes: file == "samples.bin" ? samplesLimitBytes : otherLimitBytes
            )
            bytes += outcome.bytes
        }
        if !missing.isEmpty {
            let text = "\(missing.joined(separator: " and ")) missing: the agent did not finish its work"
            guard !isComplete else {
                let tail = await AgentFiles(host: handle.host, directory: placement.directory).tail()
                throw OrchestrationError(
                    .measurementFailed,
                    "\(handle.name): \(text)" + (tail.isEmpty ? "" : "\n\(tail)")
                )
            }
            await session.note(CheckRecord(host: handle.name, "files", .warning, text))
        }
        // Of one that had not begun there is nothing.
        guard !present.isEmpty else { return }
        let size = String(format: "%.1f", Double(bytes) / 1e6)
        await session.note(
            CheckRecord(host: handle.name, "files", .passed, "\(present.count) files, \(size) MB, SHA-256 verified")
        )
    }

    /// Where a place's files go, relative to the run directory.
    static func localFolder(_ placement: Placement) -> String { "hosts/\(placement.host)/block-\(placement.block)" }

    static func summary(_ url: URL) throws -> AgentSummary {
        var data = Data()
        do {
            data = try Data(contentsOf: url)
            return try JSONDecoder().decode(AgentSummary.self, from: data)
        } catch {
            let reason = error is DecodingError ? JSONFaultText.text(of: error, in: data) : "\(error)"
            throw OrchestrationError(.measurementFailed, "cannot read \(url.path): \(reason)", cause: error)
        }
    }

    private func takeTruth(in session: isolated RunSession) async throws {
        guard let lab = session.lab else { return }
        do {
            try await lab.writeTruth()
            let data = try Data(contentsOf: URL(filePath: lab.description.truthFile))
            try session.directory.write(data, to: "lab-truth.csv")
            session.note(CheckRecord("truth", .passed, "what the simulated world knows, in lab-truth.csv"))
        } catch {
            if error is CancellationError { throw error }
            session.note(CheckRecord("truth", .warning, "\(error)"))
        }
    }
}

extension RunSession {
    /// Writes into the manifest what came from one agent, and the measured window as the receiver says it.
    fileprivate func register(_ placement: Placement) throws {
        let folder = CollectPhase.localFolder(placement)
        if let index = placements.firstIndex(of: placement) { placements[index].isCollected = true }
        var window: MeasuredWindow?
        if directory.has("\(folder)/summary.json") {
            let summary = try CollectPhase.summary(directory.file("\(folder)/summary.json"))
            window = summary.window
            if summary.state == .failed {
                note(CheckRecord(host: placement.host, "agent", .warning, "it failed: \(summary.reason)"))
            }
            checkCongestionControl(summary, host: placement.host)
            if placement.role == .receive { checkSamples(summary, folder: folder, host: placement.host) }
        }
        try update { record in
            guard let index = record.blocks.firstIndex(where: { $0.number == placement.block }) else { return }
            record.blocks[index].directories[placement.host] = folder
            if placement.role == .receive { record.blocks[index].window = window }
        }
    }

    /// A kernel that does not have what the plan asks for, or does not let an ordinary user have it, takes its own.
    private func checkCongestionControl(_ summary: AgentSummary, host: String) {
        guard summary.plan.role == .forward, let asked = summary.plan.relay?.congestionControl else { return }
        let relays = summary.lanes.flatMap(\.connections).filter { $0.purpose == "relay" }
        let got = Set(relays.compactMap(\.details)).subtracting([asked, PathTransport.udp.rawValue]).sorted()
        guard !got.isEmpty else { return }
        let text =
            "relay.congestionControl: \(asked) was asked for and \(host) used \(got.joined(separator: ", ")); what its "
            + "users may have stands in its /proc/sys/net/ipv4/tcp_allowed_congestion_control"
        note(CheckRecord(host: host, "congestion control", .warning, text))
        // What nobody asked for by name is worth no warning in the report.
        if asked != RelayTransport().congestionControl { warn(text) }
    }

    private func checkSamples(_ summary: AgentSummary, folder: String, host: String) {
        let path = directory.file("\(folder)/samples.bin").path
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        let count = max(0, size - SampleFile.headerSize) / SampleRecord.size
        guard count != summary.sampleCount else { return }
        let text = "the file has \(count) records, the agent says that it wrote \(summary.sampleCount)"
        note(CheckRecord(host: host, "samples", .warning, text))
    }
}
