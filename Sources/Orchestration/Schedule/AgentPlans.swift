import ExperimentModel

/// Makes the plans that agents get.
struct AgentPlans {
    let runID: String
    let experiment: Experiment
    let block: BlockPlan
    /// The hosts that have a chronyc to ask.
    let hostsWithChrony: Set<String>
    /// The trusted certificates' name in the agent's directory, when some were sent along.
    let caFile: String?

    /// How long an agent may take until it is ready, and again until it is told to go.
    static let startLimit = TimeSpan.seconds(60)

    /// After this long agents end whatever happens: each start may take its limit, then the block, then goodbyes.
    static func deadline(warmUp: TimeSpan, duration: TimeSpan) -> TimeSpan {
        TimeSpan(ns: 3 * startLimit.ns + warmUp.ns + duration.ns + TimeSpan.seconds(60).ns)
    }

    /// The receiver's plan: every path of the block.
    func receiver() -> AgentPlan {
        let paths = block.paths.map { path in
            AgentPath(
                name: path.name,
                kind: path.kind,
                lanes: experiment.schedule.lanesPerPath,
                port: path.kind == .relay ? path.port ?? 0 : nil,
                transport: path.transport
            )
        }
        return plan(host: experiment.receiver, role: .receive, paths: paths)
    }

    /// A forwarder's plan: the paths that go through it, to the ports that the receiver has opened.
    ///
    /// - Throws: `OrchestrationError` `measurementFailed` when the receiver has no port for a path.
    func forwarder(_ host: String, ports: [String: Int]) throws -> AgentPlan {
        let paths = try block.paths.filter { $0.via == host }.map { path in
            guard let port = ports[path.name] ?? path.port, port != 0 else {
                throw OrchestrationError(
                    .measurementFailed,
                    "\(experiment.receiver): the receiver named no port for the path \(path.name)"
                )
            }
            return AgentPath(
                name: path.name,
                kind: path.kind,
                lanes: experiment.schedule.lanesPerPath,
                port: port,
                destination: try Self.destination(of: path, in: experiment),
                transport: path.transport
            )
        }
        return plan(host: host, role: .forward, paths: paths)
    }

    /// The address of the receiver that a relayed path goes to.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when the receiver has no such address.
    static func destination(of path: PathSpecification, in experiment: Experiment) throws -> String {
        let receiver = experiment.hosts[experiment.receiver]
        let address =
            switch path.to {
            case .privateAddress: receiver?.privateAddress
            case .publicAddress: receiver?.publicAddress
            case .acceleratorAddress: receiver?.acceleratorAddress
            case .address(let address): Optional(address)
            case nil: String?.none
            }
        guard let address else {
            throw OrchestrationError(.invalidInput, "path \(path.name): \(experiment.receiver) has no such address")
        }
        return address
    }

    private func plan(host: String, role: AgentPlan.Role, paths: [AgentPath]) -> AgentPlan {
        let specification = experiment.hosts[host] ?? HostSpecification()
        return AgentPlan(
            runID: runID,
            host: host,
            role: role,
            market: experiment.feed.market,
            streams: experiment.feed.streams,
            feedURL: experiment.feed.url,
            caFile: caFile,
            connectTo: specification.connectTo ?? [:],
            paths: paths,
            secretFile: "secret",
            start: .whenTold,
            warmUp: experiment.schedule.warmUp,
            duration: block.duration,
            deadline: Self.deadline(warmUp: experiment.schedule.warmUp, duration: block.duration),
            reconnect: experiment.reconnect,
            bufferEvents: experiment.relayBuffer.events,
            relay: experiment.relay ?? RelayTransport(),
            niceness: specification.niceness,
            chronyc: hostsWithChrony.contains(host) ? specification.chronyc ?? [] : nil
        )
    }
}
