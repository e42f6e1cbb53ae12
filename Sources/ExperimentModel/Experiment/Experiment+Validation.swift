extension Experiment {
    /// Everything that is wrong with the experiment as a whole; empty when it can be run.
    ///
    /// Pure: looks at nothing but the value. Hosts that a lab will bring are known by their fixed names.
    public func problems() -> [ExperimentProblem] {
        nameProblems() + feedProblems() + hostProblems() + pathProblems() + scheduleProblems() + campaignProblems()
            + limitProblems()
    }

    /// What will not work as one may expect, although the run can go on; shown before anything starts.
    public func warnings() -> [String] {
        var warnings: [String] = []
        if feed.hasNoEventTime {
            warnings.append(
                "no event time in this stream: Binance's spot \(feed.streams.joined(separator: ", ")) does not say when it was sent, "
                    + "so end-to-end latency cannot be measured. The paired difference between paths (by update id) is exact all the "
                    + "same. For end-to-end latency use \"market\": \"usdm\", or add a trade stream."
            )
        }
        let strange = feed.streams.filter { !StreamName.isKnownKind($0) }
        if lab == nil, !strange.isEmpty {
            warnings.append(
                "latexp knows no stream of the kind \(strange.joined(separator: ", ")): the exchange acknowledges streams that "
                    + "it does not have, and then nothing comes on them."
            )
        }
        if paths.count == 1, lab == nil {
            warnings.append(
                "only one path is measured: a difference to another run, which `latexp compare` shows, may be the hour's, "
                    + "not the path's. Both paths in one experiment measure the same events on one clock."
            )
        } else if schedule.mode == .sequential, lab == nil {
            warnings.append(
                "the paths are not measured at the same time: a difference between them may be the hour's, not the path's. "
                    + "\"mode\": \"simultaneous\" with both paths measures the same events on one clock."
            )
        }
        return warnings
    }

    private func nameProblems() -> [ExperimentProblem] {
        let allowed = name.unicodeScalars.allSatisfy {
            "-_.".unicodeScalars.contains($0) || ($0.isASCII && $0.properties.isAlphabetic) || ("0"..."9").contains($0)
        }
        guard !name.isEmpty, name.count <= 64, allowed, name.first != ".", name.first != "-" else {
            return [
                ExperimentProblem(
                    "name",
                    "use 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit"
                )
            ]
        }
        return []
    }

    private func feedProblems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if feed.streams.isEmpty { problems.append(.init("feed.streams", "needs at least one stream")) }
        if feed.streams.count > FeedSpecification.mostStreams {
            problems.append(
                .init(
                    "feed.streams",
                    "Binance takes at most \(FeedSpecification.mostStreams) streams a connection, not \(feed.streams.count)"
                )
            )
        }
        for (index, stream) in feed.streams.enumerated() {
            guard let reason = StreamName.problem(stream, isLab: lab != nil) else { continue }
            problems.append(.init("feed.streams[\(index)]", reason))
        }
        if Set(feed.streams).count != feed.streams.count {
            problems.append(.init("feed.streams", "names a stream twice"))
        }
        if let url = feed.url, !url.hasPrefix("ws://"), !url.hasPrefix("wss://") {
            problems.append(.init("feed.url", "'\(url)' must begin with wss:// or ws://"))
        }
        return problems
    }

    private func hostProblems() -> [ExperimentProblem] {
        hosts.sorted { $0.key < $1.key }.flatMap { name, host -> [ExperimentProblem] in
            let place = "hosts.\(name)"
            var problems: [ExperimentProblem] = []
            if host.isLocal, host.ssh != nil { problems.append(.init(place, "is local and has ssh; choose one")) }
            if !host.isLocal, host.ssh == nil {
                problems.append(.init(place, "needs \"ssh\": \"user@address\", or \"local\": true"))
            }
            if name.isEmpty || name.contains("/") || name.hasPrefix(".") {
                problems.append(.init(place, "'\(name)' is no host name; use letters, digits and '-'"))
            }
            if let niceness = host.niceness, !AgentPlan.nicenesses.contains(niceness) {
                problems.append(.init("\(place).niceness", "must be -20 to 19, not \(niceness)"))
            }
            return problems
        }
    }

    /// The names that `receiver` and `via` may use.
    private var knownHostNames: [String] { lab == nil ? hosts.keys.sorted() : LabSpecification.hostNames }

    private func unknownHost(_ name: String) -> String {
        let nearest = NearestName.to(name, among: knownHostNames).map { "; did you mean '\($0)'?" }
        return "no host is called '\(name)'" + (nearest ?? "; there are: \(knownHostNames.joined(separator: ", "))")
    }

    private func pathProblems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if paths.isEmpty { problems.append(.init("paths", "needs at least one path")) }
        if !knownHostNames.contains(receiver) { problems.append(.init("receiver", unknownHost(receiver))) }
        for (index, path) in paths.enumerated() { problems += self.problems(of: path, at: "paths[\(index)]") }
        let names = paths.map(\.name)
        if Set(names).count != names.count { problems.append(.init("paths", "two paths have the same name")) }
        for transport in PathTransport.allCases {
            let ports = paths.filter { ($0.transport ?? .tcp) == transport }.compactMap(\.port)
            if Set(ports).count != ports.count { problems.append(.init("paths", "two paths use the same port")) }
        }
        return problems
    }

    private func problems(of path: PathSpecification, at place: String) -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if path.name.isEmpty || path.name.count > 40
            || path.name.contains(where: { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        {
            problems.append(.init("\(place).name", "use up to 40 letters, digits, '-' and '_'"))
        }
        switch path.kind {
        case .direct:
            if path.via != nil || path.to != nil || path.port != nil || path.transport != nil {
                let text = "a direct path has no via, to, port or transport: the receiver dials the exchange"
                problems.append(.init(place, text))
            }
        case .relay:
            problems += relayProblems(of: path, at: place)
        }
        return problems
    }

    private func relayProblems(of path: PathSpecification, at place: String) -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if let via = path.via {
            if !knownHostNames.contains(via) { problems.append(.init("\(place).via", unknownHost(via))) }
            if via == receiver { problems.append(.init("\(place).via", "'\(via)' is the receiver itself")) }
        } else {
            problems.append(.init("\(place).via", "is missing: the host that forwards"))
        }
        if let port = path.port {
            if !(1...65535).contains(port), !(port == 0 && lab != nil) {
                problems.append(.init("\(place).port", "\(port) is no port"))
            }
        } else if lab == nil {
            problems.append(.init("\(place).port", "is missing: the receiver's port, for example 8080"))
        }
        if lab != nil, path.transport == .udp {
            problems.append(
                .init(
                    "\(place).transport",
                    "the links of \"lab\" carry TCP only; infra/lab has links for packets (experiments/lab.json)"
                )
            )
        }
        guard lab == nil, let host = hosts[receiver] else { return problems }
        switch path.to {
        case .privateAddress where host.privateAddress == nil:
            problems.append(.init("hosts.\(receiver).privateAddress", "is missing, and \(place).to is \"private\""))
        case .publicAddress where host.publicAddress == nil:
            problems.append(.init("hosts.\(receiver).publicAddress", "is missing, and \(place).to is \"public\""))
        case .acceleratorAddress where host.acceleratorAddress == nil:
            let text = "is missing, and \(place).to is \"accelerator\""
            problems.append(.init("hosts.\(receiver).acceleratorAddress", text))
        case nil:
            problems.append(.init("\(place).to", "is missing: \"private\", \"public\", \"accelerator\" or an address"))
        default: break
        }
        return problems
    }

    private func scheduleProblems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if schedule.duration < Schedule.shortestMeasurement {
            problems.append(.init("schedule.duration", "must be at least 1s"))
        }
        if schedule.duration > Schedule.longestMeasurement {
            problems.append(.init("schedule.duration", "must be at most 7d"))
        }
        if schedule.warmUp > Schedule.longestWarmUp { problems.append(.init("schedule.warmUp", "must be at most 1h")) }
        if !Schedule.laneCounts.contains(schedule.lanesPerPath) {
            problems.append(.init("schedule.lanesPerPath", "must be 1 to 64, not \(schedule.lanesPerPath)"))
        }
        if let block = schedule.blockDuration {
            if block < Schedule.shortestMeasurement {
                problems.append(.init("schedule.blockDuration", "must be at least 1s"))
            }
            if schedule.mode == .simultaneous {
                problems.append(.init("schedule.blockDuration", "belongs to \"mode\": \"sequential\""))
            }
        }
        return problems
    }

    private func campaignProblems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if let count = schedule.repetitions, !(1...Schedule.mostRepetitions).contains(count) {
            problems.append(.init("schedule.repeat", "must be 1 to \(Schedule.mostRepetitions), not \(count)"))
        }
        if (schedule.repetitions ?? 1) > 1, schedule.every == nil {
            problems.append(
                .init("schedule.every", "is missing: the time from one run's start to the next, such as \"1h\"")
            )
        }
        guard let every = schedule.every else { return problems }
        if schedule.repetitions == nil {
            problems.append(.init("schedule.every", "belongs to \"repeat\": how many times?"))
        }
        let needed = shortestRun
        if every <= needed {
            problems.append(.init("schedule.every", "\(every) is too short: one run measures for \(needed) already"))
        } else if every > Schedule.longestMeasurement {
            problems.append(.init("schedule.every", "must be at most 7d"))
        }
        return problems
    }

    /// The time that a run takes at least: its warm-ups and measurements; the longest there is where that is no number.
    public var shortestRun: TimeSpan {
        guard schedule.mode == .sequential else { return TimeSpan(ns: schedule.warmUp.ns + schedule.duration.ns) }
        let longest = max(schedule.blockDuration ?? schedule.duration, .milliseconds(1))
        let rounds = max(1, (schedule.duration.ns + longest.ns - 1) / longest.ns)
        // Asked for lengths, too, that are beyond their limits: this must not trap at them.
        let warmUps = rounds.multipliedReportingOverflow(by: schedule.warmUp.ns)
        let onePath = schedule.duration.ns.addingReportingOverflow(warmUps.partialValue)
        let all = onePath.partialValue.multipliedReportingOverflow(by: Int64(paths.count))
        return TimeSpan(ns: warmUps.overflow || onePath.overflow || all.overflow ? .max : all.partialValue)
    }

    private func limitProblems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if clock.maxError.ns <= 0 { problems.append(.init("clock.maxError", "must be more than 0")) }
        if clock.wait > ClockRequirement.longestWait { problems.append(.init("clock.wait", "must be at most 1h")) }
        if reconnect.initial.ns <= 0 { problems.append(.init("reconnect.initial", "must be more than 0")) }
        if reconnect.max < reconnect.initial {
            problems.append(.init("reconnect.max", "must not be less than initial"))
        }
        if !RelayBuffer.sizes.contains(relayBuffer.events) {
            problems.append(.init("relayBuffer.events", "must be 1 to 10,000,000, not \(relayBuffer.events)"))
        }
        if let relay, !RelayTransport.primedSizes.contains(relay.primedOctets) {
            problems.append(
                .init("relay.primedOctets", "must be 0 (no padding) to 67,108,864, not \(relay.primedOctets)")
            )
        }
        return problems + (lab?.problems() ?? [])
    }
}

extension LabSpecification {
    /// What no lab can do: the same limits for the experiment's reader and for the lab.
    public func problems() -> [ExperimentProblem] {
        var problems: [ExperimentProblem] = []
        if !Self.rates.contains(rate) {
            problems.append(.init("lab.rate", "must be 0.1 to 50,000 messages a second"))
        }
        for (name, link) in [("direct", direct), ("tokyo", tokyo), ("backbone", backbone)] {
            for (key, value) in [("delay", link.delay), ("jitter", link.jitter)] where value > Self.longestDelay {
                problems.append(.init("lab.\(name).\(key)", "must be at most \(Self.longestDelay), not \(value)"))
            }
        }
        return problems
    }
}
