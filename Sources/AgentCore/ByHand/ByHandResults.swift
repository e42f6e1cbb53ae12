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
    /// What came of it.
    public struct Outcome {
        /// Lines for a person: what was measured, and where it is.
        public var lines: [String] = []
        /// Why a file could not be written; nil when all could.
        public var failure: AgentError?
    }

    /// Writes `plan.outputFile` and its CSV; nothing for a forwarder.
    ///
    /// With one path the files have the name asked for; with two, each path's name is put before the ending. They are
    /// written without any event, too: a script that waits for them shall find them. What is there already is kept
    /// under another name.
    ///
    /// - Parameter isEnded: false for what a killed run left behind.
    /// - Throws: `AgentError` `file` or `ExperimentError` when the samples cannot be read.
    public static func write(_ summary: AgentSummary, directory: String, isEnded: Bool = true) throws -> Outcome {
        var outcome = Outcome()
        guard let outputFile = summary.plan.outputFile else {
            outcome.lines = ForwarderAccount(summary).lines
            return outcome
        }
        let samples = SampleStream(path: summary.sampleCount == 0 ? nil : "\(directory)/samples.bin")
        let clock = RunFolder.clock(directory)
        var measured: [MeasuredPath] = []
        var firstLane = 0
        for path in summary.plan.paths {
            let lanes = firstLane..<(firstLane + path.lanes)
            measured.append(
                try MeasuredPath(
                    path,
                    try PathSamples(samples, lanes: lanes, window: summary.window),
                    summary,
                    clock: clock,
                    isEnded: isEnded
                )
            )
            firstLane += path.lanes
        }
        addSpans(to: &measured)
        for path in measured {
            let files = ResultFiles(outputFile, of: summary.plan).pair(path.path.name)
            var place = "nowhere"
            do {
                if let kept = try ResultFiles.keepEarlier(files) { outcome.lines.append(kept) }
                try write(path.results, to: files.json)
                place = files.json
                try writeCSV(path, streams: summary.plan.streams, to: files.csv)
                place += ", \(files.csv)"
            } catch let error as AgentError {
                outcome.failure = error
                place += ", and not as asked"
            }
            outcome.lines.insert(path.line + ": \(place)", at: outcome.lines.count)
        }
        outcome.lines += measured.flatMap(\.details) + SilentStreams.lines(summary)
        return outcome
    }

    private static func addSpans(to paths: inout [MeasuredPath]) {
        let spans = paths.map { ($0.path.name, $0.counts.first, $0.counts.last) }
        guard let note = ByHandNotes.spans(spans) else { return }
        for index in paths.indices { paths[index].add(note) }
    }

    private static func writeCSV(_ path: MeasuredPath, streams: [String], to file: String) throws {
        let output = try ReplacedFile(path: file)
        let streams = streams.map(SampleCSV.quoted)
        let lanes = (0..<path.path.lanes).map { SampleCSV.lane(path: path.path.name, number: $0) }
        try output.append { $0.append(contentsOf: (SampleCSV.header + "\n").utf8) }
        try path.samples.forEach { sample, isMeasured in
            try output.append { bytes in
                SampleCSV.append(
                    sample,
                    lane: lanes[Int(sample.lane) - path.samples.lanes.lowerBound],
                    stream: streams.indices.contains(Int(sample.stream)) ? streams[Int(sample.stream)] : "",
                    isInWindow: isMeasured,
                    to: &bytes
                )
            }
        }
        try output.finish()
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
