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
            data.clocks[host] = try readings(directory, relative, isExpected: summary?.plan.chronyc != nil, &data)
            let tcp = directory.appending(path: "tcp.jsonl")
            if exists(tcp) {
                let found = RetransmissionReader.read(try read(tcp))
                data.retransmissions[host] = found.retransmissions
                if let fault = found.fault { data.faults.append("\(relative)/tcp.jsonl: \(fault)") }
            }
            let status = status(directory, relative, &data)
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
            if summary == nil, data.window == nil {
                let log = try? read(directory.appending(path: "log.jsonl"))
                let lost = LostWindow(status: status, log: log, samples: data.samples)
                data.window = lost?.window
                data.brokenOffWindowNs = lost?.plannedNs
                try check(data.window, relative + "/status.json")
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

    /// The readings of `clock.jsonl`; lines that are none are named.
    private static func readings(
        _ directory: URL,
        _ relative: String,
        isExpected: Bool,
        _ data: inout BlockData
    ) throws -> [ClockReading] {
        let file = directory.appending(path: "clock.jsonl")
        guard exists(file) else {
            if isExpected { data.missingFiles.append(relative + "/clock.jsonl") }
            return []
        }
        let found = ClockFile(try read(file))
        if let fault = found.fault { data.faults.append("\(relative)/clock.jsonl: \(fault)") }
        return found.readings
    }

    /// The agent's last status; nil when there is none, or none that can be read, which is named.
    private static func status(_ directory: URL, _ relative: String, _ data: inout BlockData) -> AgentStatus? {
        let file = directory.appending(path: "status.json")
        guard exists(file) else { return nil }
        do {
            let status: AgentStatus = try decode(file)
            return status
        } catch {
            data.faults.append("\(relative)/status.json: it is not what an agent writes")
            return nil
        }
    }

    private static func decode<Value: Decodable>(_ file: URL) throws -> Value {
        let data = try read(file)
        let value: Value
        do {
            value = try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw ReportingError(
                .malformed,
                "\(file.path) is not what latexp writes: \(JSONFaultText.text(of: error, in: data))",
                cause: error
            )
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
