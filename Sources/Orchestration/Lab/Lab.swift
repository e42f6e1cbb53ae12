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
