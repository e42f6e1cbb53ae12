import ExperimentModel
import Foundation

/// A simulated world that is up: an exchange, three links, and two hosts with their clocks.
public struct Lab: Sendable {
    /// What it consists of.
    public let description: LabDescription
    /// The file with the description.
    public let descriptionFile: String
    /// The exchange.
    public let exchange: Exchange
    /// What is known of each event.
    public let truth: TruthRecorder
    private let directory: LabDirectory

    /// Brings a world up, calls `body`, and takes it down again, whatever happens.
    ///
    /// - Parameters:
    ///   - request: what world.
    ///   - path: its directory; made if it is not there, and closed to other users.
    ///   - keepsFiles: whether its files stay, apart from private keys.
    ///   - body: what to do while it is up.
    /// - Throws: `LabError` when a part cannot be brought up, or what `body` throws.
    public static func run<Result: Sendable>(
        _ request: LabRequest,
        directory path: String,
        keepsFiles: Bool = false,
        _ body: (Lab) async throws -> Result
    ) async throws -> Result {
        let directory = try LabDirectory(path)
        // First of all, so that nothing is left of a world that fails half-way, or whose process is killed.
        let sweep = try directory.makeSweep(keepsFiles: keepsFiles)
        let builder = LabBuilder(request, directory)
        defer {
            builder.takeDown()
            sweep.run()
        }
        return try await body(try await builder.build())
    }

    init(
        _ description: LabDescription,
        exchange: Exchange,
        truth: TruthRecorder,
        directory: LabDirectory
    ) throws {
        self.description = description
        self.exchange = exchange
        self.truth = truth
        self.directory = directory
        descriptionFile = directory.path("lab.json")
        try directory.writeJSON(description, to: "lab.json")
    }

    /// Writes what is known of each event so far to the truth file.
    ///
    /// - Returns: the number of events.
    /// - Throws: `LabError` `directory`.
    public func writeTruth() throws -> Int {
        try directory.writeTruth(truth.truths)
    }
}
