import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting

/// Makes up a finished run whose every delay is known, the same from the same seed.
struct SyntheticRun {
    static let startMonotonicNs: Int64 = 5_000_000_000_000
    static let startWallNs: Int64 = 1_795_000_000_250_000_000
    /// How far the receiver's and the forwarder's clocks are ahead of the true time.
    static let receiverClockNs: Int64 = 50_000
    static let forwarderClockNs: Int64 = -30_000

    var id = "clean-20261118T120640Z"
    var seed: UInt64 = 7
    var market = Market.usdm
    var streams = ["btcusdt@bookTicker"]
    var paths = [
        PathSpecification(name: "baseline", kind: .direct),
        PathSpecification(name: "backbone", kind: .relay, via: "tokyo", to: .privateAddress, port: 8080),
    ]
    var mode = Schedule.Mode.simultaneous
    var lanes = 2
    var warmUpSeconds = 2.0
    var seconds = 30.0
    var eventsPerSecond = 50.0
    var hasEventTimes = true
    var isLab = false
    var hasTruth = false
    var directMs = 118.0
    var backboneMs = 112.0
    var allowUnsynchronised = false
    var hasBadClock = false
    /// Sequence ids lost in flight on lane 0 of each relayed path.
    var lostInFlight: Set<UInt64> = []
    /// Datagrams that the receiver itself dropped on relayed paths over UDP.
    var hostDrops = 0
    /// A stretch, seconds from the window's start, in which lane 0 of the direct path has no connection.
    var directGap: ClosedRange<Double>?
    /// How many of the direct path's lanes that happens to.
    var directGapLanes = 1
    /// When the receiver notices it, seconds from the window's start; nil when at once.
    var directGapNoticedSeconds: Double?
    var repeatsEvents = false
    var invalidMessages = 0
    /// Steps of the receiver's wall clock: seconds from the window's start, and nanoseconds.
    var clockSteps: [(seconds: Double, stepNs: Int64)] = []
    /// Seconds from the window's start at which the forwarder's TCP sent segments again, and how many.
    var retransmissions: [(seconds: Double, segments: Int)] = []

    func data() -> RunData {
        let blocks = mode == .simultaneous ? [paths] : paths.map { [$0] }
        var record = manifest()
        var truth: [LabTruth] = []
        let data = blocks.enumerated().map { index, paths in
            let block = SyntheticBlock(run: self, number: index + 1, paths: paths).build(&truth)
            record.blocks.append(block.record)
            var data = block.data
            if !retransmissions.isEmpty { data.retransmissions["tokyo"] = foundAgain }
            return data
        }
        return RunData(record: record, blocks: data, truth: hasTruth ? truth : nil)
    }

    private func manifest() -> RunRecord {
        var frankfurt = HostSpecification(ssh: "admin@198.51.100.2")
        var tokyo = HostSpecification(ssh: "admin@203.0.113.7")
        if !isLab {
            frankfurt.region = "eu-central-1"
            tokyo.region = "ap-northeast-1"
        }
        let experiment = Experiment(
            name: "clean",
            feed: FeedSpecification(market: market, streams: streams),
            hosts: ["frankfurt": frankfurt, "tokyo": tokyo],
            receiver: "frankfurt",
            paths: paths,
            schedule: Schedule(
                mode: mode,
                duration: TimeSpan(ns: Int64(seconds * 1e9)),
                warmUp: TimeSpan(ns: Int64(warmUpSeconds * 1e9)),
                lanesPerPath: lanes
            ),
            lab: isLab ? LabSpecification() : nil
        )
        var record = RunRecord(
            id: id,
            version: "0.1.0",
            arguments: ["latexp", "run", "clean.json"],
            beganSeconds: 1_794_999_990,
            supplied: .object([:]),
            experiment: experiment,
            allowUnsynchronised: allowUnsynchronised
        )
        record.endedSeconds = 1_795_000_040
        record.outcome = .done
        for (index, host) in experiment.participatingHosts.enumerated() {
            record.hosts[host] = hostRecord(index, isBad: hasBadClock && host == "frankfurt")
        }
        record.phases = phases()
        return record
    }

    private func hostRecord(_ index: Int, isBad: Bool) -> HostRecord {
        var facts = HostFacts(kernel: "Linux 6.12.0 x86_64", architecture: "x86_64", cpus: 2 + 2 * index)
        facts.system = "Debian GNU/Linux 13"
        facts.chronyVersion = "4.6"
        if !isLab {
            facts.region = ["eu-central-1", "ap-northeast-1"][index]
            facts.instanceType = "c7i.large"
        }
        var host = HostRecord()
        host.facts = facts
        host.agentSHA256 = String(repeating: "ab12", count: 16)
        host.clockBefore = Self.reading(at: -5, boundUs: isBad ? 2_400 : 100, isSynchronised: !isBad)
        host.clockAfter = Self.reading(at: seconds + 5, boundUs: isBad ? 3_100 : 130, isSynchronised: !isBad)
        return host
    }

    private func phases() -> [PhaseRecord] {
        ["plan", "connect", "inspect", "measure", "collect"].enumerated().map { index, name in
            var phase = PhaseRecord(name: name, beganSeconds: 1_794_999_990 + Double(index))
            phase.endedSeconds = phase.beganSeconds + 0.75
            phase.outcome = .passed
            return phase
        }
    }

    static func moment(_ seconds: Double) -> Timestamp {
        let ns = Int64((seconds * 1e9).rounded())
        return Timestamp(wallNs: startWallNs + ns, monotonicNs: startMonotonicNs + ns)
    }

    /// A reading whose bound is offset 20 us + root dispersion + half of a root delay of 60 us.
    static func reading(at seconds: Double, boundUs: Double, isSynchronised: Bool = true) -> ClockReading {
        let at = moment(seconds)
        let dispersion = (boundUs - 50) / 1e6
        let line =
            "A9FEA97B,169.254.169.123,4,\(Double(at.wallNs) / 1e9 - 8),0.00002,0.000001,0.000003,-12.5,0,0.01,"
            + "0.00006,\(dispersion),16.1,\(isSynchronised ? "Normal" : "Not synchronised")"
        return ClockReading(at: at, tracking: try? ChronyTracking(csv: line))
    }
}

extension SyntheticRun {
    /// Writes the run as its directory would be, and gives the directory.
    func write() throws -> URL {
        let root = FileManager.default.temporaryDirectory.appending(path: "latexp-run-\(UUID().uuidString)")
        let data = data()
        try write(data.record, to: root.appending(path: "run.json"))
        for (block, record) in zip(data.blocks, data.record.blocks) {
            for (host, relative) in record.directories {
                let folder = root.appending(path: relative)
                let summary = host == data.record.experiment.receiver ? block.receiver : block.forwarders[host]
                if let summary { try write(summary, to: folder.appending(path: "summary.json")) }
                let lines = try (block.clocks[host] ?? []).map {
                    String(decoding: try JSONEncoder().encode($0), as: UTF8.self)
                }
                try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: folder.appending(path: "clock.jsonl"))
                if host != data.record.experiment.receiver, !retransmissions.isEmpty {
                    try Data(tcpStates().utf8).write(to: folder.appending(path: "tcp.jsonl"))
                }
                guard host == data.record.experiment.receiver else { continue }
                try Data(Self.sampleFile(block.samples)).write(to: folder.appending(path: "samples.bin"))
            }
        }
        if let truth = data.truth {
            let text = ([LabTruth.header] + truth.map(\.line)).joined(separator: "\n") + "\n"
            try Data(text.utf8).write(to: root.appending(path: "lab-truth.csv"))
        }
        return root
    }

    /// What the forwarder's TCP counts each second, its connection opened anew half way.
    private var sentAgain: [Int] {
        (0..<Int(seconds)).map { second in
            let since = second < Int(seconds) / 2 ? 0 : seconds / 2
            return retransmissions.filter { $0.seconds >= since && $0.seconds < Double(second) }
                .reduce(0) { $0 + $1.segments }
        }
    }

    private func tcpStates() -> String {
        sentAgain.enumerated().map { second, sent in
            let at = Self.moment(Double(second)).wallNs
            return "{\"congestionControl\":\"cubic\",\"lane\":0,\"lost\":0,\"path\":\"backbone\",\"purpose\":\"relay\","
                + "\"retransmits\":\(sent),\"rttUs\":224000,\"wallNs\":\(at)}\n"
        }
        .joined()
    }

    /// What a reader finds in those counts.
    fileprivate var foundAgain: [Retransmission] {
        sentAgain.indices.compactMap { second in
            let before = second > 0 ? sentAgain[second - 1] : 0
            let grown = sentAgain[second] > before ? sentAgain[second] - before : 0
            guard grown > 0 else { return nil }
            let at = Self.moment(Double(second)).wallNs
            return Retransmission(wallNs: at, path: "backbone", lane: 0, purpose: "relay", count: grown)
        }
    }

    static func sampleFile(_ records: RecordedSamples) -> [UInt8] {
        var bytes = SampleFile.header()
        bytes.reserveCapacity(bytes.count + records.count * SampleRecord.size)
        for record in records {
            var octets = [UInt8](repeating: 0, count: SampleRecord.size)
            octets.withUnsafeMutableBytes { buffer in
                if let base = buffer.baseAddress { record.write(to: base) }
            }
            bytes += octets
        }
        return bytes
    }

    private func write(_ value: some Encodable, to file: URL) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(value).write(to: file)
    }
}
