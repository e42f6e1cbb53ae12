import ExperimentModel
import LatencyStatistics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes what a receiver that was started by hand measured: a JSON file of results for each path, and a CSV file of samples.
public enum ByHandResults {
    /// Writes `plan.outputFile` and its CSV; nothing for a forwarder.
    ///
    /// With one path the files have the name asked for; with two, each path's name is put before the ending. They are written
    /// without any event, too: a script that waits for them shall find them.
    ///
    /// - Returns: lines for a person: what was measured, and where it is.
    /// - Throws: `AgentError` `file` when they cannot be written, `ExperimentError` when the samples cannot be read.
    public static func write(_ summary: AgentSummary, directory: String) throws -> [String] {
        let silent = silentStreams(summary)
        guard let outputFile = summary.plan.outputFile else { return [totals(of: summary)] + silent }
        let samples = summary.sampleCount == 0 ? [] : try SampleFile.read(path: "\(directory)/samples.bin").records
        var lines: [String] = []
        var firstLane = 0
        for path in summary.plan.paths {
            let lanes = firstLane..<(firstLane + path.lanes)
            let mine = samples.filter { lanes.contains(Int($0.lane)) }
            let measured = mine.filter { isMeasured($0, in: summary.window) }
            let results = results(of: path, measured, lost: summary.lanes[lanes].reduce(0) { $0 + $1.counts.missing })
            let isAlone = summary.plan.paths.count == 1
            let file = name(outputFile, path: isAlone ? nil : path.name, ending: nil)
            try write(results, to: file)
            let csv = csv(mine, path: path, firstLane: firstLane, streams: summary.plan.streams, window: summary.window)
            let csvFile = name(outputFile, path: isAlone ? nil : path.name, ending: "csv")
            try write(csv, to: csvFile)
            lines.append(line(results) + ": \(file), \(csvFile)")
            firstLane += path.lanes
        }
        return lines + silent
    }

    /// What a path's results say, in one line.
    private static func line(_ results: PathResults) -> String {
        func text(_ name: String, _ value: Double?) -> String {
            value.map { ", \(name) \(($0 * 1_000).rounded() / 1_000) ms" } ?? ""
        }
        return "\(results.path): \(results.sampleCount) events, \(results.eventsLost) lost"
            + text("median", results.medianLatencyMs) + text("p95", results.p95LatencyMs)
            + text("p99", results.p99LatencyMs) + text("backbone median", results.backboneMedianLatencyMs)
            + text("host's own delay p99", results.hostDelayP99Ms)
            + (results.receiveTimeSource.map { $0 == "kernel" ? "" : ", receive times: \($0)" } ?? "")
            + (results.note.map { " (\($0))" } ?? "")
    }

    private static func totals(of summary: AgentSummary) -> String {
        let counts = summary.lanes.map(\.counts)
        func sum(_ value: (LaneCounts) -> Int) -> Int { counts.reduce(0) { $0 + value($1) } }
        return "\(summary.reason): \(sum(\.received)) events taken, \(sum(\.forwarded)) relayed, "
            + "\(sum(\.buffered)) left in the buffer, \(sum(\.dropped)) dropped, \(sum(\.invalidTotal)) invalid"
    }

    private static func silentStreams(_ summary: AgentSummary) -> [String] {
        let names = summary.lanes.reduce(into: Set<String>()) { $0.formUnion($1.silentStreams ?? []) }
        return names.isEmpty ? [] : ["warning: nothing ever came on \(names.sorted().joined(separator: ", "))"]
    }

    private static func isMeasured(_ sample: SampleRecord, in window: MeasuredWindow?) -> Bool {
        guard let window else { return false }
        let at = sample.arrivalOnMonotonicNs
        return at >= window.start.monotonicNs && at < window.end.monotonicNs && !sample.flags.contains(.duplicate)
    }

    private static func results(of path: AgentPath, _ samples: [SampleRecord], lost: Int) -> PathResults {
        func milliseconds(_ values: [(from: Int64, to: Int64)]) -> [Double] {
            values.filter { $0.from != SampleRecord.absent }.map { Double($0.to - $0.from) / 1e6 }
        }
        let figures = PathFigures(
            endToEndMs: milliseconds(samples.map { ($0.eventTimeNs, $0.arrivalNs) }),
            backboneMs: milliseconds(samples.map { ($0.sourceNs, $0.arrivalNs) }),
            hostDelayMs: samples.compactMap(\.hostDelayNs).map { Double($0) / 1e6 }
        )
        var sources = ReceiveTimeCount()
        for sample in samples { sources.add(kernelNs: sample.arrivalKernelNs) }
        var results = PathResults(
            setupType: path.kind.setupType,
            path: path.name,
            sampleCount: samples.count,
            eventsLost: lost
        )
        results.averageLatencyMs = figures.averageMs
        results.medianLatencyMs = figures.medianMs
        results.p95LatencyMs = figures.p95Ms
        results.p99LatencyMs = figures.p99Ms
        results.minimumLatencyMs = figures.minimumMs
        results.maximumLatencyMs = figures.maximumMs
        results.jitterStandardDeviationMs = figures.jitterStandardDeviationMs
        results.backboneAverageLatencyMs = figures.backboneAverageMs
        results.backboneMedianLatencyMs = figures.backboneMedianMs
        results.hostDelayMedianMs = figures.hostDelayMedianMs
        results.hostDelayP99Ms = figures.hostDelayP99Ms
        results.hostDelayMaximumMs = figures.hostDelayMaximumMs
        if !samples.isEmpty { results.receiveTimeSource = sources.source }
        if figures.medianMs == nil {
            results.note = samples.isEmpty ? "no event came" : "no event time in this stream"
        }
        return results
    }

    private static func csv(
        _ samples: [SampleRecord],
        path: AgentPath,
        firstLane: Int,
        streams: [String],
        window: MeasuredWindow?
    ) -> Data {
        var bytes = Array((SampleCSV.header + "\n").utf8)
        for sample in samples {
            SampleCSV.append(
                sample,
                lane: SampleCSV.lane(path: path.name, number: Int(sample.lane) - firstLane),
                stream: streams.indices.contains(Int(sample.stream))
                    ? SampleCSV.quoted(streams[Int(sample.stream)]) : "",
                isInWindow: isMeasured(sample, in: window),
                to: &bytes
            )
        }
        return Data(bytes)
    }

    private static func name(_ file: String, path: String?, ending: String?) -> String {
        let dot = file.lastIndex(of: ".").flatMap { file[$0...].contains("/") ? nil : $0 } ?? file.endIndex
        let stem = file[..<dot] + (path.map { "-\($0)" } ?? "")
        return stem + (ending.map { ".\($0)" } ?? String(file[dot...]))
    }

    private static func write(_ results: PathResults, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try write(try encoder.encode(results), to: file)
    }

    private static func write(_ data: Data, to file: String) throws {
        do {
            try data.write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw AgentError(.file, "cannot write \(file): \(error); the samples are kept in the run's folder")
        }
    }
}
