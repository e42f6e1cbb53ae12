import ExperimentModel

/// A checklist that can be gone through alone, without a whole run.
public enum ValidationSequence: String, Sendable, CaseIterable {
    /// The forwarder's side.
    case tokyo = "tokyo-validate"
    /// The receiver's side with a direct path.
    case frankfurt = "frankfurt-validate"
    /// The relayed path from end to end.
    case backbone = "backbone-validate"

    /// What it shows, in a few words.
    public var summary: String {
        switch self {
        case .tokyo: "the forwarder takes the feed, and its times can be trusted"
        case .frankfurt: "the receiver dials the exchange itself, and the arithmetic is right"
        case .backbone: "events come over the private path, numbered and accounted for"
        }
    }

    /// The titles of its numbered lines.
    public var titles: [String] {
        switch self {
        case .tokyo:
            [
                "clock", "deploy", "WebSocket connects", "events arrive and parse", "JSON structure and timestamps",
                "sequence ids increase by one", "timestamp accuracy",
            ]
        case .frankfurt:
            [
                "clock", "direct connection", "latency arithmetic", "statistics against known numbers",
                "measurements in every output format",
            ]
        case .backbone:
            [
                "private address reachable", "receiver listening", "forwarder connected", "events flow end to end",
                "sequence tracking and loss accounting", "both latencies computed",
            ]
        }
    }

    /// How long it measures.
    static let duration = TimeSpan.seconds(5)

    /// The short experiment that the checklist needs, made from the user's.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when the experiment has no path of the kind.
    public func experiment(from full: Experiment) throws -> Experiment {
        var experiment = full
        experiment.name = String("\(full.name.prefix(40))-\(rawValue)")
        experiment.schedule = Schedule(
            mode: .simultaneous,
            duration: Self.duration,
            warmUp: .seconds(1),
            lanesPerPath: 1,
            seed: full.schedule.seed
        )
        switch self {
        case .tokyo, .backbone:
            guard let path = full.paths.first(where: { $0.kind == .relay }) else {
                throw OrchestrationError(
                    .invalidInput,
                    "\(rawValue) needs a path of kind \"relay\", and \(full.name) has none; experiments/backbone.json has one"
                )
            }
            experiment.paths = [path]
        case .frankfurt:
            let direct = full.paths.first { $0.kind == .direct }
            experiment.paths = [direct ?? PathSpecification(name: "baseline", kind: .direct)]
        }
        return experiment
    }
}

/// One line of a checklist, with its verdict.
public struct ValidationLine: Codable, Hashable, Sendable {
    /// Its number, from 1.
    public var number: Int
    /// What it is about.
    public var title: String
    /// How it came out.
    public var outcome: CheckRecord.Outcome
    /// The figures or the reason.
    public var detail: String
}
