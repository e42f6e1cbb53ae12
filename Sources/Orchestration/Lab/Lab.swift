import ExperimentModel

/// A simulated world that runs beside latexp.
public protocol Lab: Sendable {
    /// What it brought up.
    var description: LabDescription { get }
    /// Writes down what it knows to be true of each event so far.
    func writeTruth() async throws
    /// Takes everything down.
    func stop() async
}

/// Brings up simulated worlds.
public protocol LabSource: Sendable {
    /// Starts one with its files in `directory`, and returns when everything is up.
    ///
    /// - Throws: `OrchestrationError` `labUnavailable` with what the laboratory said.
    func start(_ request: LabRequest, in directory: RunDirectory) async throws -> any Lab
}

/// What a simulated world shall be, the file that `latexp-lab serve --spec` reads.
public struct LabRequest: Codable, Hashable, Sendable {
    /// Links, feed and faults.
    public var lab: LabSpecification
    /// The market whose messages the exchange sends.
    public var market: Market
    /// The streams that will be asked for.
    public var streams: [String]
    /// The receiver's port behind the simulated backbone; 0 for any free one.
    public var receiverPort: Int
    /// Whether to do without SSH servers and clocks: the hosts are this machine.
    public var local: Bool

    /// A request.
    public init(lab: LabSpecification, market: Market, streams: [String], receiverPort: Int, local: Bool) {
        self.lab = lab
        self.market = market
        self.streams = streams
        self.receiverPort = receiverPort
        self.local = local
    }
}

/// What a simulated world consists of, the file `lab.json` that it writes when everything is up.
public struct LabDescription: Codable, Hashable, Sendable {
    /// The hosts by name.
    public var hosts: [String: HostSpecification]
    /// Where the exchange is.
    public var feedURL: String
    /// The certificates to trust, on the laptop.
    public var caFile: String?
    /// The port that the receiver shall listen on, since the backbone ends there.
    public var receiverPort: Int
    /// Where the truth will be written.
    public var truthFile: String

    /// A description.
    public init(
        hosts: [String: HostSpecification],
        feedURL: String,
        caFile: String?,
        receiverPort: Int,
        truthFile: String
    ) {
        self.hosts = hosts
        self.feedURL = feedURL
        self.caFile = caFile
        self.receiverPort = receiverPort
        self.truthFile = truthFile
    }
}

extension Experiment {
    /// The experiment with what a simulated world brings: its hosts, its exchange, its backbone.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when there is more than the one backbone to relay over.
    func completed(by lab: LabDescription) throws -> Experiment {
        let relays = paths.filter { $0.kind == .relay }
        guard relays.count <= 1 else {
            throw OrchestrationError(
                .invalidInput,
                "paths: a simulated world has one backbone, so only one of \(relays.map(\.name).joined(separator: ", ")) can be measured"
            )
        }
        var experiment = self
        experiment.hosts = lab.hosts
        experiment.feed.url = lab.feedURL
        experiment.feed.caFile = lab.caFile
        for index in experiment.paths.indices where experiment.paths[index].kind == .relay {
            experiment.paths[index].port = lab.receiverPort
            experiment.paths[index].to = .privateAddress
        }
        return experiment
    }
}
