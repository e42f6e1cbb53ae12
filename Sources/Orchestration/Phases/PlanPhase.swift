import ExperimentModel

/// Saves what will be run, with every default, and brings up the simulated world when there is one.
struct PlanPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "plan" }

    func perform(in session: isolated RunSession) async throws {
        let seed = session.experiment.schedule.seed ?? session.environment.makeSeed()
        try session.update { $0.experiment.schedule.seed = seed }
        if let specification = session.experiment.lab {
            try await startLab(specification, in: session)
        }
        if session.options.isLocal { try makeLocal(session) }
        let experiment = session.experiment
        session.blocks = try BlockSchedule.blocks(for: experiment, seed: seed)
        try session.directory.write(try RunDirectory.encode(session.record.supplied), to: "experiment-supplied.json")
        try session.directory.write(try RunDirectory.encode(experiment), to: "experiment.json")
        note(experiment, in: session)
        for warning in experiment.warnings() {
            session.note(CheckRecord("warning", .warning, warning))
            session.warn(warning)
        }
    }

    private func startLab(_ specification: LabSpecification, in session: isolated RunSession) async throws {
        session.show(waiting: "starting the simulated exchange, links and hosts")
        let request = LabRequest(
            lab: specification,
            market: session.experiment.feed.market,
            streams: session.experiment.feed.streams,
            receiverPort: 0,
            local: session.options.isLocal
        )
        let lab = try await session.environment.labs.start(request, in: session.directory)
        session.lab = lab
        let completed = try session.experiment.completed(by: lab.description)
        try session.update { $0.experiment = completed }
        let links =
            "direct \(specification.direct.delay), to Tokyo \(specification.tokyo.delay), "
            + "backbone \(specification.backbone.delay)"
        session.note(
            CheckRecord("simulated world", .passed, "exchange at \(lab.description.feedURL); delays: \(links)")
        )
    }

    private func makeLocal(_ session: isolated RunSession) throws {
        try session.update { record in
            for name in record.experiment.participatingHosts {
                var host = record.experiment.hosts[name] ?? HostSpecification()
                host.local = true
                host.ssh = nil
                record.experiment.hosts[name] = host
            }
        }
        session.note(CheckRecord("local", .warning, "every host is this machine, without SSH (--local)"))
    }

    private func note(_ experiment: Experiment, in session: isolated RunSession) {
        let paths = experiment.paths.map { path in
            path.via.map { "\(path.name) through \($0)" + (path.transport == .udp ? " over UDP" : "") }
                ?? "\(path.name) direct"
        }
        let schedule = experiment.schedule
        let blocks = session.blocks.count
        let time =
            blocks == 1
            ? "\(schedule.duration) after \(schedule.warmUp) of warm-up"
            : "\(blocks) blocks of \(session.blocks[0].duration), order from seed \(schedule.seed ?? 0): "
                + session.blocks.prefix(12).map { $0.paths.map(\.name).joined(separator: "+") }.joined(separator: ", ")
                + (blocks > 12 ? ", …" : "")
        session.note(
            CheckRecord(
                "experiment",
                .passed,
                "\(experiment.feed.market.rawValue) \(experiment.feed.streams.joined(separator: ", ")) to "
                    + "\(experiment.receiver): \(paths.joined(separator: ", "))"
            )
        )
        session.note(CheckRecord("schedule", .passed, "\(time), \(schedule.lanesPerPath) lanes a path"))
    }
}
