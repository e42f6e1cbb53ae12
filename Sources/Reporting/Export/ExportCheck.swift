import ExperimentModel
import Foundation

/// What whoever exports a run's samples should know of the files that they come from.
public enum ExportCheck {
    /// Warnings, each naming its file: samples that are missing, cut short or damaged, and files that cannot be read.
    public static func warnings(runDirectory: String) -> [String] {
        let data: RunData
        do {
            data = try RunLoader.load(runDirectory)
        } catch {
            return ["whether the samples are whole cannot be checked: \(error)"]
        }
        var damaged = 0
        for path in RunLayout(data).paths { path.forEach(damaged: { damaged += 1 }, { _, _, _ in }) }
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
