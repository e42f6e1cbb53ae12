import ExperimentModel
import Foundation

/// Reads a run directory.
public enum RunLoader {
    /// Reads the run in `directory`: its manifest, each block's files from each host, and the laboratory's truth.
    ///
    /// Only the manifest must be there. What else is missing is listed in `BlockData.missingFiles`, so that what came
    /// home from an interrupted run can still be looked at. Amazon's list of its ranges is taken from the run's
    /// directory, or from the one that holds the runs.
    ///
    /// - Throws: `ReportingError` `unreadable` or `malformed`, `ExperimentError` for a sample file of another format.
    public static func load(_ directory: String) throws -> RunData {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        let record: RunRecord = try decode(root.appending(path: "run.json"))
        guard record.format == RunRecord.currentFormat else {
            throw ReportingError(
                .malformed,
                "\(directory)/run.json has format \(record.format); this latexp reads format \(RunRecord.currentFormat)"
            )
        }
        for block in record.blocks {
            try check(block.window, "\(directory)/run.json, block \(block.number)")
        }
        let blocks = try record.blocks.map { try load($0, of: record, in: root) }
        var truth: [LabTruth]?
        let truthFile = root.appending(path: "lab-truth.csv")
        if exists(truthFile) {
            truth = try LabTruth.read(String(decoding: try read(truthFile), as: UTF8.self), fileName: truthFile.path)
        }
        var data = RunData(record: record, blocks: blocks, truth: truth)
        let lists = [root, root.deletingLastPathComponent()].map { $0.appending(path: AddressRanges.fileName) }
        if let list = lists.first(where: exists) {
            data.addressRanges = try AddressRanges(try read(list), name: list.path)
        }
        return data
    }

    private static func load(_ block: BlockRecord, of record: RunRecord, in root: URL) throws -> BlockData {
        let experiment = record.experiment
        let planned = experiment.paths.filter { block.paths.contains($0.name) }.map {
            AgentPath(name: $0.name, kind: $0.kind, lanes: experiment.schedule.lanesPerPath, port: $0.port)
        }
        var data = BlockData(
            number: block.number,
            paths: planned,
            streams: experiment.feed.streams,
            window: block.window
        )
        for (host, relative) in block.directories.sorted(by: { $0.key < $1.key }) {
            let directory = root.appending(path: relative)
            let summary: AgentSummary? = try decodeIfPresent(directory, relative, "summary.json", &data)
            data.clocks[host] = try readings(directory.appending(path: "clock.jsonl"))
            let tcp = directory.appending(path: "tcp.jsonl")
            if exists(tcp) { data.retransmissions[host] = RetransmissionReader.read(try read(tcp)) }
            if host != experiment.receiver {
                data.forwarders[host] = summary
                continue
            }
            data.receiver = summary
            data.window = data.window ?? summary?.window
            if let plan = summary?.plan {
                data.paths = plan.paths
                data.streams = plan.streams
            }
            try check(data.window, relative + "/summary.json")
            data.window = data.window.map(forwards)
            let samples = directory.appending(path: "samples.bin")
            if exists(samples) {
                data.samples = try RecordedSamples(path: samples.path)
                data.tornBytes = data.samples.tornBytes
            } else {
                data.missingFiles.append(relative + "/samples.bin")
            }
        }
        try check(data.paths, "block \(block.number)")
        return data
    }

    /// The window, empty where the run was interrupted before it began.
    private static func forwards(_ window: MeasuredWindow) -> MeasuredWindow {
        window.end.monotonicNs < window.start.monotonicNs
            ? MeasuredWindow(start: window.start, end: window.start) : window
    }

    /// A window that lies before the clocks' zero was never measured.
    private static func check(_ window: MeasuredWindow?, _ place: String) throws {
        guard let window else { return }
        let times = [window.start, window.end].flatMap { [$0.wallNs, $0.monotonicNs] }
        guard times.allSatisfy({ $0 >= 0 }) else {
            throw ReportingError(.malformed, "\(place): the measured window cannot be (\(times))")
        }
    }

    /// As many lanes as can be numbered.
    private static func check(_ paths: [AgentPath], _ place: String) throws {
        let lanes = paths.map(\.lanes)
        guard lanes.allSatisfy({ (1...4_096).contains($0) }), lanes.reduce(0, +) <= Int(UInt16.max) else {
            throw ReportingError(.malformed, "\(place): no run has so many lanes (\(lanes.prefix(10)))")
        }
    }

    private static func decodeIfPresent(
        _ directory: URL,
        _ relative: String,
        _ name: String,
        _ data: inout BlockData
    ) throws -> AgentSummary? {
        let file = directory.appending(path: name)
        guard exists(file) else {
            data.missingFiles.append(relative + "/" + name)
            return nil
        }
        // Not as an optional value: a file with nothing but `null` is no summary.
        let summary: AgentSummary = try decode(file)
        return summary
    }

    /// One reading a line; a last line that was cut short is left out.
    private static func readings(_ file: URL) throws -> [ClockReading] {
        guard exists(file) else { return [] }
        let text = String(decoding: try read(file), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        return try lines.enumerated().compactMap { number, line in
            do {
                let reading = try JSONDecoder().decode(ClockReading.self, from: Data(line.utf8))
                if let fault = NumberCheck.fault(Data(line.utf8)) {
                    throw ReportingError(.malformed, "a number that no clock reads: \(fault.prefix(200))")
                }
                return reading
            } catch {
                if number == lines.count - 1, !text.hasSuffix("\n") { return nil }
                throw ReportingError(
                    .malformed,
                    "\(file.path) line \(number + 1) is no clock reading: \(line.prefix(100))",
                    cause: error
                )
            }
        }
    }

    private static func decode<Value: Decodable>(_ file: URL) throws -> Value {
        let data = try read(file)
        let value: Value
        do {
            value = try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw ReportingError(.malformed, "\(file.path) is not what latexp writes: \(error)", cause: error)
        }
        if let fault = NumberCheck.fault(data) {
            throw ReportingError(.malformed, "\(file.path) holds a number that no run has: \(fault.prefix(200))")
        }
        return value
    }

    private static func read(_ file: URL) throws -> Data {
        do {
            return try Data(contentsOf: file)
        } catch {
            throw ReportingError(
                .unreadable,
                "cannot read \(file.path); is this the directory of a run? (\(error.localizedDescription))",
                cause: error
            )
        }
    }

    private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
}
