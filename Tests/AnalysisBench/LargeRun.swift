import ExperimentModel
import Foundation
import LatencyStatistics

/// A run as its directory would be, with as many events as wanted, and never all of them in memory.
struct LargeRun {
    private static let startMonotonicNs: Int64 = 5_000_000_000_000
    private static let startWallNs: Int64 = 1_795_000_000_250_000_000
    private static let eventsPerSecond = 500.0

    let directory: URL
    let events: Int
    let lanes: Int

    private var paths: [PathSpecification] {
        [
            PathSpecification(name: "baseline", kind: .direct),
            PathSpecification(name: "backbone", kind: .relay, via: "tokyo", to: .privateAddress, port: 8080),
        ]
    }

    /// The seconds of the window: all events arrive in it.
    private var seconds: Double { (Double(events) / Self.eventsPerSecond).rounded(.up) + 60 }

    func write() throws {
        let receiver = directory.appending(path: "hosts/frankfurt")
        for folder in ["hosts/frankfurt", "hosts/tokyo"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: folder),
                withIntermediateDirectories: true
            )
        }
        let samples = try RecordWriter(receiver.appending(path: "samples.bin"), header: SampleFile.header())
        let delays = try paths.map { path in
            try RecordWriter(
                directory.appending(path: "delays-\(path.name).npy"),
                header: Self.arrayHeader(count: events * lanes)
            )
        }
        var feed = LargeFeed(lanes: 2 * lanes, eventsPerSecond: Self.eventsPerSecond)
        try feed.forEachArrival(events: events) { event, lane, way in
            let isDirect = lane < lanes
            let sentNs = Self.startWallNs + event.sentNs
            var record = SampleRecord(
                updateID: event.updateID,
                eventTimeNs: sentNs / 1_000_000 * 1_000_000,
                transactionTimeNs: sentNs / 1_000_000 * 1_000_000,
                sequence: UInt64(event.number + 1),
                lane: UInt16(lane)
            )
            if !isDirect {
                record.sourceKernelNs = sentNs + way.feedNs
                record.sourceUserNs = record.sourceKernelNs + 9_000 + Int64(event.number % 3_000)
                record.sourceSendNs = record.sourceUserNs + 4_000 + Int64(event.number % 1_000)
            }
            record.arrivalKernelNs = Self.startWallNs + way.arrivalNs
            record.arrivalWallNs = record.arrivalKernelNs + 11_000 + Int64(event.number % 5_000)
            record.arrivalMonotonicNs = record.arrivalWallNs - Self.startWallNs + Self.startMonotonicNs
            try samples.append(record)
            try delays[isDirect ? 0 : 1].append(record.arrivalKernelNs - record.eventTimeNs)
        }
        try samples.finish()
        for file in delays { try file.finish() }
        try writeRecords()
    }

    private func writeRecords() throws {
        let window = MeasuredWindow(start: moment(0), end: moment(seconds))
        let experiment = Experiment(
            name: "large",
            feed: FeedSpecification(market: .usdm, streams: ["btcusdt@bookTicker"]),
            hosts: [
                "frankfurt": HostSpecification(ssh: "admin@198.51.100.2", region: "eu-central-1"),
                "tokyo": HostSpecification(ssh: "admin@203.0.113.7", region: "ap-northeast-1"),
            ],
            receiver: "frankfurt",
            paths: paths,
            schedule: Schedule(
                mode: .simultaneous,
                duration: TimeSpan(ns: Int64(seconds * 1e9)),
                warmUp: .seconds(0),
                lanesPerPath: lanes
            )
        )
        var record = RunRecord(
            id: directory.lastPathComponent,
            version: LatexpVersion.text,
            arguments: ["latexp", "run", "large.json"],
            beganSeconds: Double(Self.startWallNs) / 1e9,
            supplied: .object([:]),
            experiment: experiment
        )
        record.outcome = .done
        var block = BlockRecord(number: 1, paths: paths.map(\.name))
        block.directories = ["frankfurt": "hosts/frankfurt", "tokyo": "hosts/tokyo"]
        block.window = window
        record.blocks = [block]
        for host in ["frankfurt", "tokyo"] {
            var facts = HostRecord()
            facts.clockBefore = try reading(-5)
            facts.clockAfter = try reading(seconds + 5)
            record.hosts[host] = facts
            try write(summary(of: host, window), "hosts/\(host)/summary.json")
        }
        try write(record, "run.json")
    }

    private func summary(of host: String, _ window: MeasuredWindow) -> AgentSummary {
        let isReceiver = host == "frankfurt"
        let taken = isReceiver ? paths : paths.filter { $0.kind == .relay }
        let agentPaths = taken.map { AgentPath(name: $0.name, kind: $0.kind, lanes: lanes, port: $0.port) }
        let plan = AgentPlan(
            runID: directory.lastPathComponent,
            host: host,
            role: isReceiver ? .receive : .forward,
            market: .usdm,
            streams: ["btcusdt@bookTicker"],
            paths: agentPaths,
            start: .whenTold,
            warmUp: .seconds(0),
            duration: TimeSpan(ns: Int64(seconds * 1e9)),
            deadline: .seconds(100_000)
        )
        let accounts = taken.enumerated().flatMap { index, path in
            (0..<lanes).map { account(path, $0, number: index * lanes + $0, isReceiver: isReceiver) }
        }
        return AgentSummary(
            plan: plan,
            agentVersion: LatexpVersion.text,
            state: .finished,
            reason: "the deadline",
            started: moment(-10),
            ended: moment(seconds + 1),
            window: isReceiver ? window : nil,
            lanes: accounts,
            receiveTimeSource: "kernel",
            sampleCount: isReceiver ? 2 * lanes * events : 0
        )
    }

    private func account(_ path: PathSpecification, _ lane: Int, number: Int, isReceiver: Bool) -> LaneSummary {
        var account = LaneSummary(path: path.name, lane: lane, counts: LaneCounts())
        let takesFeed = path.kind == .direct || !isReceiver
        var connection = ConnectionRecord(
            purpose: takesFeed ? "feed" : "relay",
            endpoint: takesFeed ? "192.0.2.\(10 + number):443" : "10.0.1.10:40112",
            began: moment(-9)
        )
        connection.streaming = moment(-8)
        account.connections = [connection]
        account.counts.arrived = isReceiver ? events : 0
        account.counts.received = takesFeed ? events : 0
        account.counts.forwarded = isReceiver ? 0 : events
        if isReceiver, path.kind == .relay {
            account.senderTotals = SenderTotals(
                received: events,
                forwarded: events,
                dropped: 0,
                invalid: 0,
                lastSequence: UInt64(events)
            )
        }
        return account
    }

    private func moment(_ seconds: Double) -> Timestamp {
        let ns = Int64(seconds * 1e9)
        return Timestamp(wallNs: Self.startWallNs + ns, monotonicNs: Self.startMonotonicNs + ns)
    }

    private func reading(_ second: Double) throws -> ClockReading {
        let at = moment(second)
        let line =
            "A9FEA97B,169.254.169.123,4,\(Double(at.wallNs) / 1e9 - 8),0.00002,0.000001,0.000003,-12.5,0.001,0.01,"
            + "0.00006,0.00005,16.1,Normal"
        return ClockReading(at: at, tracking: try ChronyTracking(csv: line))
    }

    private func write(_ value: some Encodable, _ name: String) throws {
        try JSONEncoder().encode(value).write(to: directory.appending(path: name))
    }

    /// The header of NumPy's format 1.0 for a row of 64-bit integers: a Python dictionary, filled up to 128 octets.
    private static func arrayHeader(count: Int) -> [UInt8] {
        let facts = "{'descr': '<i8', 'fortran_order': False, 'shape': (\(count),), }"
        let padding = String(repeating: " ", count: 117 - facts.utf8.count) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array((facts + padding).utf8)
    }
}
