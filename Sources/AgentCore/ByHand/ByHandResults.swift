import ExperimentModel
import LatencyStatistics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes what a receiver that was started by hand measured: a JSON file of results for each path, and a CSV file of
/// samples.
public enum ByHandResults {
    /// Writes `plan.outputFile` and its CSV; nothing for a forwarder.
    ///
    /// With one path the files have the name asked for; with two, each path's name is put before the ending. They are
    /// written without any event, too: a script that waits for them shall find them.
    ///
    /// - Returns: lines for a person: what was measured, and where it is.
    /// - Throws: `AgentError` `file` when they cannot be written, `ExperimentError` when the samples cannot be read.
    public static func write(_ summary: AgentSummary, directory: String) throws -> [String] {
        let silent = silentStreams(summary)
        guard let outputFile = summary.plan.outputFile else {
            return [totals(of: summary)] + silent + strangers(summary)
        }
        let samples = SampleStream(path: summary.sampleCount == 0 ? nil : "\(directory)/samples.bin")
        let isAlone = summary.plan.paths.count == 1
        var lines: [String] = []
        var firstLane = 0
        for path in summary.plan.paths {
            let mine = PathSamples(samples, lanes: firstLane..<(firstLane + path.lanes), window: summary.window)
            let lost = summary.lanes[mine.lanes].reduce(0) { $0 + $1.counts.missing }
            let results = try results(of: path, mine, lost: lost)
            let file = name(outputFile, path: isAlone ? nil : path.name, ending: nil)
            try write(results, to: file)
            let csvFile = name(outputFile, path: isAlone ? nil : path.name, ending: "csv")
            try writeCSV(mine, path: path, streams: summary.plan.streams, to: csvFile)
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

    /// The lanes of a forwarder whose events went to something that never answered as a receiver does.
    private static func strangers(_ summary: AgentSummary) -> [String] {
        let ends = summary.lanes.flatMap { lane -> [String] in
            let path = summary.plan.paths.first { $0.name == lane.path }
            let relays = lane.connections.filter { $0.purpose == "relay" && $0.streaming != nil }
            guard summary.plan.role == .forward, path?.transport != .udp, lane.counts.forwarded > 0,
                relays.allSatisfy({ $0.greeted == nil })
            else { return [] }
            return relays.compactMap(\.endpoint)
        }
        guard !ends.isEmpty else { return [] }
        return [
            "warning: nothing at \(Set(ends).sorted().joined(separator: ", ")) ever answered as a latexp receiver does; "
                + "\"relayed\" says only that its TCP took the events"
        ]
    }

    private static func silentStreams(_ summary: AgentSummary) -> [String] {
        let names = summary.lanes.reduce(into: Set<String>()) { $0.formUnion($1.silentStreams ?? []) }
        return names.isEmpty ? [] : ["warning: nothing ever came on \(names.sorted().joined(separator: ", "))"]
    }

    private static func results(of path: AgentPath, _ samples: PathSamples, lost: Int) throws -> PathResults {
        let sources = try samples.receiveTimes()
        let count = sources.kernel + sources.user
        var results = PathResults(
            setupType: path.kind.setupType,
            path: path.name,
            sampleCount: count,
            eventsLost: lost,
            endToEnd: try LatencyFigures { try samples.forEachLatency(since: \.eventTimeNs, $0) },
            backbone: try LatencyFigures { try samples.forEachLatency(since: \.sourceNs, $0) },
            hostDelay: try LatencyFigures { try samples.forEachHostDelay($0) }
        )
        if count > 0 { results.receiveTimeSource = sources.source }
        if results.medianLatencyMs == nil {
            results.note = count == 0 ? "no event came" : "no event time in this stream"
        }
        return results
    }

    private static func writeCSV(_ samples: PathSamples, path: AgentPath, streams: [String], to file: String) throws {
        let output = try ReplacedFile(path: file)
        let streams = streams.map(SampleCSV.quoted)
        let lanes = (0..<path.lanes).map { SampleCSV.lane(path: path.name, number: $0) }
        try output.append { $0.append(contentsOf: (SampleCSV.header + "\n").utf8) }
        try samples.forEach { sample, isMeasured in
            try output.append { bytes in
                SampleCSV.append(
                    sample,
                    lane: lanes[Int(sample.lane) - samples.lanes.lowerBound],
                    stream: streams.indices.contains(Int(sample.stream)) ? streams[Int(sample.stream)] : "",
                    isInWindow: isMeasured,
                    to: &bytes
                )
            }
        }
        try output.finish()
    }

    private static func name(_ file: String, path: String?, ending: String?) -> String {
        let dot = file.lastIndex(of: ".").flatMap { file[$0...].contains("/") ? nil : $0 } ?? file.endIndex
        let stem = file[..<dot] + (path.map { "-\($0)" } ?? "")
        return stem + (ending.map { ".\($0)" } ?? String(file[dot...]))
    }

    private static func write(_ results: PathResults, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(results)
        let output = try ReplacedFile(path: file)
        try output.append { $0.append(contentsOf: data) }
        try output.finish()
    }
}

extension LatencyFigures {
    /// The figures of nanoseconds that are too many to hold, handed over as often as they are asked for.
    fileprivate init(_ pass: StreamedSummary.Pass) throws {
        guard let summary = try StreamedSummary(quantiles: [0.5, 0.95, 0.99], of: pass) else {
            self.init()
            return
        }
        self.init(
            averageNs: summary.mean,
            medianNs: summary.quantiles[0],
            p95Ns: summary.quantiles[1],
            p99Ns: summary.quantiles[2],
            minimumNs: Double(summary.minimum),
            maximumNs: Double(summary.maximum),
            standardDeviationNs: summary.standardDeviation
        )
    }
}

/// The samples of one path's lanes, gone over as often as need be.
private struct PathSamples {
    var samples: SampleStream
    /// The path's lanes among those of the whole plan.
    var lanes: Range<Int>
    var window: MeasuredWindow?

    init(_ samples: SampleStream, lanes: Range<Int>, window: MeasuredWindow?) {
        self.samples = samples
        self.lanes = lanes
        self.window = window
    }

    /// Hands over every sample of the path, and whether it counts: in the window, and the first of its kind.
    func forEach(_ take: (SampleRecord, Bool) throws -> Void) throws {
        try samples.forEach { sample in
            guard lanes.contains(Int(sample.lane)) else { return }
            try take(sample, isMeasured(sample))
        }
    }

    /// Hands over how long each sample that counts took since a time of its own, where it has that.
    func forEachLatency(since start: KeyPath<SampleRecord, Int64>, _ take: (Int64) -> Void) throws {
        try forEach { sample, isMeasured in
            let startNs = sample[keyPath: start]
            if isMeasured, startNs != SampleRecord.absent { take(sample.arrivalNs &- startNs) }
        }
    }

    /// Hands over the host's own delay of each sample that counts, where the kernel gave its receive time.
    func forEachHostDelay(_ take: (Int64) -> Void) throws {
        try forEach { sample, isMeasured in
            if isMeasured, let delayNs = sample.hostDelayNs { take(delayNs) }
        }
    }

    /// The samples that count, by where their receive times came from.
    func receiveTimes() throws -> ReceiveTimeCount {
        var count = ReceiveTimeCount()
        try forEach { sample, isMeasured in
            if isMeasured { count.add(kernelNs: sample.arrivalKernelNs) }
        }
        return count
    }

    private func isMeasured(_ sample: SampleRecord) -> Bool {
        guard let window else { return false }
        let at = sample.arrivalOnMonotonicNs
        return at >= window.start.monotonicNs && at < window.end.monotonicNs && !sample.flags.contains(.duplicate)
    }
}
