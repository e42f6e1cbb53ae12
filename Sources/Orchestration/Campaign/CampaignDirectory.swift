import ExperimentModel
import Foundation

/// The directory of one campaign: `campaign.json`, the reports over all runs, and each run's own directory below
/// `slots`.
public struct CampaignDirectory: Hashable, Sendable {
    /// The file that makes a directory a campaign's.
    public static let manifest = "campaign.json"
    /// The file by which `latexp stop` tells the latexp that works on a campaign to end it.
    static let stopFile = "stop"

    /// The directory, as runs have it.
    public let directory: RunDirectory

    /// The campaign in `directory`.
    public init(_ directory: RunDirectory) {
        self.directory = directory
    }

    /// The campaign's name, which is the directory's.
    public var id: String { directory.id }

    /// Where the runs of its slots lie.
    public var store: RunStore { RunStore(path: directory.file("slots").path) }

    /// The directory of a slot's run; nil when it has none.
    public func run(of slot: CampaignSlot) -> RunDirectory? {
        slot.run.map { RunDirectory(url: directory.file($0)) }
    }

    /// Reads the manifest.
    ///
    /// - Throws: `OrchestrationError` `storage` when it is missing, broken or of another format.
    public func loadRecord() throws -> CampaignRecord {
        let file = directory.file(Self.manifest)
        do {
            let record = try JSONDecoder().decode(CampaignRecord.self, from: try Data(contentsOf: file))
            guard record.format == CampaignRecord.currentFormat else {
                throw OrchestrationError(
                    .storage,
                    "\(file.path) has format \(record.format); this latexp reads format \(CampaignRecord.currentFormat)"
                )
            }
            return record
        } catch let error as OrchestrationError {
            throw error
        } catch {
            throw OrchestrationError(.storage, "cannot read \(file.path): \(error)", cause: error)
        }
    }

    /// Writes the manifest.
    func save(_ record: CampaignRecord) throws {
        try directory.write(try RunDirectory.encode(record), to: Self.manifest)
    }

    /// The runs that were measured as planned, in order of time.
    public func finishedRuns() throws -> [RunDirectory] {
        try loadRecord().slots.filter { $0.state == .done }.compactMap(run)
    }

    /// The runs that have samples of their measured time, also of a part of it, in order of time.
    public func measuredRuns() throws -> [RunDirectory] {
        try loadRecord().slots.filter(\.isMeasured).compactMap(run)
    }
}

extension RunDirectory {
    /// Whether this is the directory of a campaign, and not of one run.
    public var isCampaign: Bool { has(CampaignDirectory.manifest) }

    /// Whether this is the directory of a run or a campaign.
    var hasManifest: Bool { has("run.json") || isCampaign }
}
