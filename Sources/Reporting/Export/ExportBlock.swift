import ExperimentModel
import Foundation

/// One block's file of samples, and what is needed to understand it.
struct ExportBlock: Sendable {
    var number: Int
    var paths: [AgentPath]
    var streams: [String]
    var window: MeasuredWindow?
    var samples: String

    /// The blocks of a run that have samples.
    static func all(in root: URL) throws -> (record: RunRecord, blocks: [ExportBlock]) {
        let record: RunRecord = try decode(root.appending(path: "run.json"))
        let experiment = record.experiment
        let blocks = try record.blocks.compactMap { block -> ExportBlock? in
            guard let folder = block.directories[experiment.receiver] else { return nil }
            let samples = root.appending(path: folder + "/samples.bin")
            guard FileManager.default.fileExists(atPath: samples.path) else { return nil }
            var found = ExportBlock(
                number: block.number,
                paths: experiment.paths.filter { block.paths.contains($0.name) }.map {
                    AgentPath(name: $0.name, kind: $0.kind, lanes: experiment.schedule.lanesPerPath, port: $0.port)
                },
                streams: experiment.feed.streams,
                window: block.window,
                samples: samples.path
            )
            let file = root.appending(path: folder + "/summary.json")
            if FileManager.default.fileExists(atPath: file.path) {
                let summary: AgentSummary = try decode(file)
                found.paths = summary.plan.paths
                found.streams = summary.plan.streams
                found.window = found.window ?? summary.window
            } else if found.window == nil {
                let place = root.appending(path: folder)
                let status: AgentStatus? = try? decode(place.appending(path: "status.json"))
                let log = try? Data(contentsOf: place.appending(path: "log.jsonl"))
                let records = try RecordedSamples(path: samples.path)
                found.window = LostWindow(status: status, log: log, samples: records)?.window
            }
            return found
        }
        guard !blocks.isEmpty else {
            throw ReportingError(.unreadable, "\(record.id) has no samples: nothing was measured, or nothing came home")
        }
        return (record, blocks)
    }

    private static func decode<Value: Decodable>(_ file: URL) throws -> Value {
        var data = Data()
        do {
            data = try Data(contentsOf: file)
            return try JSONDecoder().decode(Value.self, from: data)
        } catch let error as DecodingError {
            let reason = JSONFaultText.text(of: error, in: data)
            throw ReportingError(.malformed, "\(file.path) is not what this latexp writes: \(reason)", cause: error)
        } catch {
            throw ReportingError(.unreadable, "cannot read \(file.path): \(error.localizedDescription)", cause: error)
        }
    }
}
