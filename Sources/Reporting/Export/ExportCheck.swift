import ExperimentModel

/// What whoever exports a run's samples should know of the files that they come from.
///
/// It looks at each record as it goes by, so that the samples are read once.
struct ExportCheck: Sendable {
    /// The run's files; nil when they cannot be read as a run.
    private let data: RunData?
    private let failure: String?
    /// By block: the check of each lane's records, and how many lanes the block's paths have.
    private let lanes: [Int: [RecordCheck?]]

    init(runDirectory: String) {
        do {
            let data = try RunLoader.load(runDirectory)
            self.data = data
            failure = nil
            lanes = Self.lanes(of: data)
        } catch {
            data = nil
            failure = "whether the samples are whole cannot be checked: \(error)"
            lanes = [:]
        }
    }

    /// The lanes of each block that was measured, numbered as its records number them.
    private static func lanes(of data: RunData) -> [Int: [RecordCheck?]] {
        let paths = data.record.experiment.paths
        return data.blocks.reduce(into: [:]) { found, block in
            guard block.window != nil else { return }
            found[block.number] = block.paths.flatMap { path -> [RecordCheck?] in
                let check = paths.first { $0.name == path.name }.map { known in
                    RecordCheck(block, forwarder: known.via.flatMap { block.forwarders[$0] })
                }
                return Array(repeating: check, count: path.lanes)
            }
        }
    }

    /// How many of a block's records hold what no run can.
    func damaged(_ records: [SampleRecord], ofBlock number: Int) -> Int {
        guard let lanes = lanes[number] else { return 0 }
        return records.count { record in
            let lane = Int(record.lane)
            return lanes.indices.contains(lane) ? lanes[lane]?.accepts(record) == false : true
        }
    }

    /// Warnings, each naming its file: samples that are missing, cut short or damaged, and files that cannot be read.
    ///
    /// - Parameter damaged: the records of all blocks that hold what no run can.
    func warnings(damaged: Int) -> [String] {
        guard let data else { return [failure].compactMap { $0 } }
        let others = data.blocks.flatMap { block -> [String] in
            let folder = data.receiverFolder(of: block) ?? ""
            let missing = block.missingFiles.map { "\($0) is missing" }
            guard block.tornBytes > 0 else { return missing }
            return missing + [
                "\(folder)/samples.bin: the last record was cut short (\(block.tornBytes) octets) and left out"
            ]
        }
        return (BrokenOff.warnings(data) + RunIntegrity.files(data, damaged: damaged)).map(\.text) + others
    }
}
