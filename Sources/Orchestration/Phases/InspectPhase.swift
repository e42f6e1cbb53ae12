import ExperimentModel
import Foundation
import RemoteHosts

/// Looks at every host: what it is, whether it has what is needed, and whether it is where it claims to be.
struct InspectPhase: RunPhase {
    /// Free disk below which a run does not start: an agent, and samples of a day at a hundred a second.
    static let leastDiskBytes: Int64 = 200 << 20
    /// Whether what is not so is said, too: that a host is not on AWS.
    var showsAll = false

    /// Free memory below which the user is warned.
    static let leastMemoryBytes: Int64 = 100 << 20

    func name(for experiment: Experiment) -> String { "inspect" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        let found = try await session.onEachHost(names, "facts", failure: .hostUnusable) { handle in
            let facts = try await inspect(handle)
            for check in facts.checks { await session.note(check) }
            try await session.updateHost(handle.name) { $0.facts = facts.facts }
            if let failure = facts.checks.first(where: { $0.outcome == .failed }) {
                throw OrchestrationError(.hostUnusable, "\(handle.name): \(failure.detail)")
            }
            return facts.facts
        }
        if showsAll { try await checkAgents(names, in: session) }
        try await checkPorts(in: session)
        noteDistances(found, in: session)
    }

    /// Whether there is an agent for each host here, when nobody is going to push it.
    private func checkAgents(_ names: [String], in session: isolated RunSession) async throws {
        try await session.locateAgents(names)
        for name in names {
            guard let agent = session.agents[name] else { continue }
            let text = "\(agent.path) fits (SHA-256 \(agent.sha256.prefix(16))…)"
            session.note(CheckRecord(host: name, "agent", .passed, text))
        }
    }

    /// The ports that the receiver shall listen on must be free: another run may have them.
    private func checkPorts(in session: isolated RunSession) async throws {
        let relays = session.experiment.paths.filter { $0.kind == .relay && ($0.port ?? 0) != 0 }
        let wanted = Dictionary(grouping: relays) { $0.transport ?? .tcp }.mapValues {
            Set($0.compactMap(\.port)).sorted()
        }
        guard !wanted.isEmpty else { return }
        let ports = wanted.flatMap { transport, ports in ports.map { "\(transport.rawValue):\($0)" } }.sorted()
        _ = try await session.onEachHost([session.experiment.receiver], "ports", failure: .hostUnusable) { handle in
            let command = RemoteCommand(
                HostScripts.takenPorts,
                arguments: ports,
                timeout: .seconds(20),
                isIdempotent: true
            )
            let result = try await handle.host.run(command)
            if let failure = HostFactsReader.takenPort(result.output, of: ports) {
                throw OrchestrationError(.hostUnusable, "\(handle.name): \(failure)")
            }
            let lists = wanted.sorted { $0.key.rawValue < $1.key.rawValue }.map { transport, ports in
                "\(transport.rawValue.uppercased()) \(ports.map(String.init).joined(separator: ", "))"
            }
            let text = "\(lists.joined(separator: ", ")) free"
            await session.note(CheckRecord(host: handle.name, "ports", .passed, text))
        }
    }

    private func inspect(_ handle: RunSession.Handle) async throws -> (facts: HostFacts, checks: [CheckRecord]) {
        let command = RemoteCommand(
            HostScripts.facts,
            arguments: [handle.specification.region ?? ""],
            timeout: .seconds(30),
            isIdempotent: true
        )
        let result: CommandResult
        do {
            result = try await handle.host.run(command).checked(host: handle.name, command: command)
        } catch let error as RemoteHostError where error.code == .timedOut {
            throw OrchestrationError(
                .hostUnusable,
                "\(handle.name): it took longer than 30 s to say what it is: is it overloaded, or does its user's login "
                    + "wait for something? Look at the start files of the login shell (.profile, .bashrc)",
                cause: error
            )
        }
        guard let (facts, missing) = HostFactsReader.read(result.output) else {
            throw OrchestrationError(
                .hostUnusable,
                "\(handle.name): the host does not say what it is; is its login shell usable?"
            )
        }
        var checks = [CheckRecord(host: handle.name, "machine", .passed, Self.describe(facts))]
        if !missing.isEmpty {
            let tools = missing.joined(separator: ", ")
            checks.append(
                CheckRecord(
                    host: handle.name,
                    "tools",
                    .failed,
                    "\(tools) missing; install util-linux, coreutils and gzip there"
                )
            )
        }
        if let home = HostFactsReader.unwritableHome(result.output) {
            let text =
                "the login directory \(home) cannot be written (read-only, or not the user's): the agent lives there"
            checks.append(CheckRecord(host: handle.name, "disk", .failed, text))
        }
        if let place = HostFactsReader.unrunnableHome(result.output) {
            let text =
                "\(place), where the agent lives, is mounted noexec: mount it with exec, or log in as a user whose home "
                + "is elsewhere"
            checks.append(CheckRecord(host: handle.name, "disk", .failed, text))
        }
        checks += Self.resources(facts, host: handle.name)
        if let region = region(facts, claimed: handle.specification.region) {
            checks.append(CheckRecord(host: handle.name, "region", region.outcome, region.detail))
        }
        return (facts, checks)
    }

    private static func resources(_ facts: HostFacts, host: String) -> [CheckRecord] {
        var checks: [CheckRecord] = []
        if let free = facts.freeDiskBytes, free < leastDiskBytes {
            checks.append(
                CheckRecord(
                    host: host,
                    "disk",
                    .failed,
                    "only \(free >> 20) MiB are free in the login directory; \(leastDiskBytes >> 20) MiB are needed"
                )
            )
        }
        if let free = facts.freeMemoryBytes, free < leastMemoryBytes {
            checks.append(
                CheckRecord(
                    host: host,
                    "memory",
                    .warning,
                    "only \(free >> 20) MiB are free; the agent may be disturbed"
                )
            )
        }
        return checks
    }

    private func region(_ facts: HostFacts, claimed: String?) -> (outcome: CheckRecord.Outcome, detail: String)? {
        guard let found = facts.region else {
            guard let claimed else { return showsAll ? (.skipped, "not on AWS, as far as can be seen") : nil }
            return (.warning, "\(claimed) as the experiment says; not verified: no EC2 metadata service answers there")
        }
        let place = [found, facts.zone.map { "zone \($0)" }, facts.instanceType].compactMap { $0 }.joined(
            separator: ", "
        )
        guard let claimed, claimed != found else { return (.passed, "\(place), as its metadata service says") }
        return (
            .failed, "the experiment says that it is in \(claimed), but it is in \(found); correct the inventory"
        )
    }

    private func noteDistances(_ facts: [String: HostFacts], in session: isolated RunSession) {
        let receiver = session.experiment.receiver
        func region(_ name: String) -> String? { facts[name]?.region ?? session.experiment.hosts[name]?.region }
        guard let end = region(receiver) else { return }
        for forwarder in session.experiment.forwarders {
            guard
                let start = region(forwarder), start != end, let distance = RegionDistance.kilometres(start, end),
                let light = RegionDistance.lightMs(start, end)
            else { continue }
            let detail = String(
                format: "%@ to %@: %.0f km; nothing can be faster than %.1f ms (light in vacuum)",
                forwarder,
                receiver,
                distance,
                light
            )
            session.note(CheckRecord("speed of light", .passed, detail))
        }
    }

    static func describe(_ facts: HostFacts) -> String {
        var parts = [facts.system, facts.kernel].compactMap { $0 }
        // `uname -srm` ends with it.
        if !facts.kernel.hasSuffix(facts.architecture) { parts.append(facts.architecture) }
        parts.append("\(facts.cpus) CPUs")
        if let memory = facts.freeMemoryBytes { parts.append("\(memory >> 20) MiB free memory") }
        if let disk = facts.freeDiskBytes { parts.append("\(disk >> 30) GiB free disk") }
        parts.append(facts.chronyVersion.map { "chrony \($0)" } ?? "no chrony")
        if let instance = facts.instanceType { parts.append("EC2 \(instance)\(facts.zone.map { " in \($0)" } ?? "")") }
        return parts.joined(separator: ", ")
    }
}
