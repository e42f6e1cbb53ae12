import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The folder of an agent that was started by hand.
public enum RunFolder {
    /// The file that says what the agent was to do.
    static let planFile = "plan.json"

    /// Makes the folder for a run's working files below the current one, `latexp-receive-<seconds>`, with the plan in
    /// it.
    ///
    /// - Throws: `AgentError` `file`.
    public static func make(for plan: AgentPlan) throws -> String {
        let role = plan.role.rawValue
        for attempt in 0..<100 {
            let seconds = Int(Date().timeIntervalSince1970)
            let name = "latexp-\(role)-\(seconds)" + (attempt == 0 ? "" : "-\(attempt)")
            if mkdir(name, 0o700) == 0 {
                try write(plan, to: "\(name)/\(planFile)")
                return name
            }
            guard errno == EEXIST else {
                throw AgentError(.file, "cannot make the folder \(name) in the current one: \(systemMessage(errno))")
            }
        }
        throw AgentError(.file, "cannot make a folder for the run's files here")
    }

    private static func write(_ plan: AgentPlan, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(plan) else { return }
        let output = try ReplacedFile(path: file)
        try output.append { $0.append(contentsOf: data) }
        try output.finish()
    }

    /// What a run left behind: its summary, or one made of its plan, its last status and its samples when it was
    /// killed.
    ///
    /// - Throws: `AgentError` `badPlan` for a folder of something else, or of a run without samples of its own.
    public static func summary(_ folder: String) throws -> (summary: AgentSummary, isEnded: Bool) {
        let summary: AgentSummary
        let isEnded: Bool
        if let written: AgentSummary = read("\(folder)/summary.json") {
            (summary, isEnded) = (written, true)
        } else {
            let plan = try PlanFile.read(path: "\(folder)/\(planFile)")
            (summary, isEnded) = (try unended(plan, folder), false)
        }
        guard summary.plan.role == .receive else {
            throw AgentError(.badPlan, "\(folder) is a forwarder's: the receiver has the samples")
        }
        return (summary, isEnded)
    }

    private static func unended(_ plan: AgentPlan, _ folder: String) throws -> AgentSummary {
        var (first, last): (SampleRecord?, SampleRecord?)
        var count = 0
        let file = "\(folder)/samples.bin"
        try SampleStream(path: access(file, F_OK) == 0 ? file : nil).forEach { sample in
            if first == nil, !sample.waitedAtForwarder { first = sample }
            last = sample
            count += 1
        }
        let status: AgentStatus? = read("\(folder)/status.json")
        let start = status?.window?.start ?? first?.arrived
        var window: MeasuredWindow?
        if let start, let last {
            let plannedNs = start.monotonicNs + plan.duration.ns
            let endNs = min(plannedNs, last.arrived.monotonicNs + 1)
            window = MeasuredWindow(start: start, end: start.later(by: endNs - start.monotonicNs))
        }
        let ended = last?.arrived ?? status?.at ?? Timestamp(wallNs: 0, monotonicNs: 0)
        var summary = AgentSummary(
            plan: plan,
            agentVersion: LatexpVersion.text,
            state: .failed,
            reason: "the run did not end: it was killed, or its host went down",
            started: start ?? ended,
            ended: ended,
            window: window,
            lanes: lanes(plan, status),
            strangers: status?.strangers ?? [:],
            receiveTimeSource: "",
            sampleCount: count
        )
        summary.recordingFailure = status?.recordingFailure
        return summary
    }

    /// Each lane as the last status had it.
    private static func lanes(_ plan: AgentPlan, _ status: AgentStatus?) -> [LaneSummary] {
        plan.paths.flatMap { path in
            (0..<path.lanes).map { number in
                let lane = status?.lanes.first { $0.path == path.name && $0.lane == number }
                return LaneSummary(path: path.name, lane: number, counts: lane?.counts ?? LaneCounts())
            }
        }
    }

    /// What is known of the clock: the readings in the folder.
    static func clock(_ folder: String) -> ByHandClock {
        let text = (try? Data(contentsOf: URL(filePath: "\(folder)/clock.jsonl"))) ?? Data()
        let decoder = JSONDecoder()
        return ByHandClock(
            text.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(ClockReading.self, from: $0) }
        )
    }

    private static func read<Value: Decodable>(_ file: String) -> Value? {
        guard let data = try? Data(contentsOf: URL(filePath: file)) else { return nil }
        return try? JSONDecoder().decode(Value.self, from: data)
    }
}

extension SampleRecord {
    /// When it arrived, on both clocks.
    fileprivate var arrived: Timestamp { Timestamp(wallNs: arrivalNs, monotonicNs: arrivalOnMonotonicNs) }
}
