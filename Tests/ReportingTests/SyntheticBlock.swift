import ExperimentModel
import LatencyStatistics
import Reporting

/// One block of a synthetic run: events leave an exchange, take their links, and are written down as agents would.
struct SyntheticBlock {
    let run: SyntheticRun
    let number: Int
    let paths: [PathSpecification]

    /// One lane's way, and what happened on it.
    private struct Lane {
        var path: PathSpecification
        var lane: Int
        var number: Int
        var noise: Noise
        var counts = LaneCounts()
        var sequence: UInt64 = 0
        var missing: [MissingRange] = []
    }

    /// Delays that follow the ones before: an autoregression, always positive, now and then with a long tail.
    private struct Noise {
        var generator: SplitMix64
        var level = 0.0

        mutating func nextMs(scale: Double) -> Double {
            level = 0.7 * level + (generator.unit() - 0.5)
            let tail = generator.unit() < 0.01 ? 4 * generator.unit() : 0
            return scale * (1 + level * level + tail)
        }
    }

    private var offsetSeconds: Double { Double(number - 1) * (run.seconds + 10) }

    func build(_ truth: inout [LabTruth]) -> (record: BlockRecord, data: BlockData) {
        var lanes = makeLanes()
        var samples: [SampleRecord] = []
        var feed = SplitMix64(seed: run.seed &* 31 &+ UInt64(number))
        var sentSeconds = offsetSeconds - run.warmUpSeconds
        var updateID: Int64 = 1_000_000 * Int64(number)
        while sentSeconds < offsetSeconds + run.seconds {
            // Bursts: most events follow the one before closely.
            let gap = feed.unit() < 0.8 ? 0.4 : 3.4
            sentSeconds += gap * feed.unit() * 2 / run.eventsPerSecond
            updateID += 1 + Int64(feed.unit() * 9)
            let sentNs = SyntheticRun.startWallNs + Int64((sentSeconds * 1e9).rounded())
            var event = LabTruth(updateID: updateID, sentNs: sentNs, directNs: nil, tokyoNs: nil, backboneNs: nil)
            for index in lanes.indices { carry(&event, &lanes[index], &samples) }
            truth.append(event)
        }
        samples.sort { $0.arrivalMonotonicNs < $1.arrivalMonotonicNs }
        return finish(lanes, samples)
    }

    private func makeLanes() -> [Lane] {
        var lanes: [Lane] = []
        for path in paths {
            for lane in 0..<run.lanes {
                let seed = run.seed &* 1_000 &+ UInt64(number * 100 + lanes.count)
                lanes.append(
                    Lane(path: path, lane: lane, number: lanes.count, noise: Noise(generator: SplitMix64(seed: seed)))
                )
            }
        }
        return lanes
    }

    /// Takes one event over one lane; the truth keeps the first delivery.
    private func carry(_ event: inout LabTruth, _ lane: inout Lane, _ samples: inout [SampleRecord]) {
        lane.sequence += 1
        lane.counts.received += 1
        let serverMs = 0.06 * Double(lane.lane)
        var record = SampleRecord(updateID: event.updateID, sequence: lane.sequence, lane: UInt16(lane.number))
        if run.hasEventTimes {
            record.eventTimeNs = event.sentNs / 1_000_000 * 1_000_000
            record.transactionTimeNs = record.eventTimeNs
        }
        var deliveredNs = event.sentNs
        if lane.path.kind == .direct {
            deliveredNs += Int64((run.directMs + serverMs + lane.noise.nextMs(scale: 0.6)) * 1e6)
            let second = Double(deliveredNs - SyntheticRun.startWallNs) / 1e9
            if lane.lane < run.directGapLanes, let gap = run.directGap, gap.contains(second) {
                lane.counts.received -= 1
                return
            }
            event.directNs = min(event.directNs ?? .max, deliveredNs)
        } else {
            let tokyoNs = event.sentNs + Int64((0.5 + serverMs + lane.noise.nextMs(scale: 0.02)) * 1e6)
            let sendNs = tokyoNs + 18_000
            record.sourceKernelNs = tokyoNs + SyntheticRun.forwarderClockNs
            record.sourceUserNs = record.sourceKernelNs + 9_000
            record.sourceSendNs = sendNs + SyntheticRun.forwarderClockNs
            lane.counts.forwarded += 1
            if lane.lane == 0, run.lostInFlight.contains(lane.sequence) {
                lose(&lane, at: sendNs)
                return
            }
            deliveredNs = sendNs + Int64((run.backboneMs + lane.noise.nextMs(scale: 0.2)) * 1e6)
            event.tokyoNs = min(event.tokyoNs ?? .max, tokyoNs)
            event.backboneNs = min(event.backboneNs ?? .max, deliveredNs)
        }
        lane.counts.arrived += 1
        arrive(record, deliveredNs, &lane, &samples)
    }

    private func lose(_ lane: inout Lane, at wallNs: Int64) {
        lane.counts.missing += 1
        let at = Timestamp(wallNs: wallNs, monotonicNs: 0)
        let cause = lane.path.transport == .udp ? "lost on the way" : "disconnection"
        lane.missing.append(MissingRange(first: lane.sequence, last: lane.sequence, cause: cause, at: at))
    }

    private func arrive(
        _ record: SampleRecord,
        _ deliveredNs: Int64,
        _ lane: inout Lane,
        _ samples: inout [SampleRecord]
    ) {
        var record = record
        let readNs: Int64 = 12_000 + Int64(lane.noise.generator.unit() * 20_000)
        record.arrivalKernelNs = deliveredNs + SyntheticRun.receiverClockNs
        record.arrivalWallNs = record.arrivalKernelNs + readNs
        record.arrivalMonotonicNs = deliveredNs + readNs - SyntheticRun.startWallNs + SyntheticRun.startMonotonicNs
        if lane.path.transport == .udp, lane.sequence % 300 == 7 {
            record.flags = .reordered
            lane.counts.reordered += 1
        }
        samples.append(record)
        if lane.path.transport == .udp, lane.sequence % 500 == 11 {
            record.flags = .duplicate
            lane.counts.duplicates += 1
            samples.append(record)
        }
        guard run.repeatsEvents, lane.path.kind == .direct, lane.sequence % 100 == 0 else { return }
        record.arrivalMonotonicNs += 5_000_000
        record.arrivalWallNs += 5_000_000
        record.arrivalKernelNs += 5_000_000
        record.flags = .duplicate
        lane.counts.received += 1
        lane.counts.duplicates += 1
        samples.append(record)
    }

    private func finish(_ lanes: [Lane], _ samples: [SampleRecord]) -> (record: BlockRecord, data: BlockData) {
        let window = MeasuredWindow(
            start: SyntheticRun.moment(offsetSeconds),
            end: SyntheticRun.moment(offsetSeconds + run.seconds)
        )
        let agentPaths = paths.map { AgentPath(name: $0.name, kind: $0.kind, lanes: run.lanes, port: $0.port) }
        var data = BlockData(number: number, paths: agentPaths, streams: run.streams, window: window)
        data.samples = RecordedSamples(samples)
        data.receiver = summary(.receive, agentPaths, window, lanes.map(receiverLane), samples.count)
        data.clocks["frankfurt"] = [0, run.seconds / 2].map { second in
            SyntheticRun.reading(
                at: offsetSeconds + second,
                boundUs: run.hasBadClock ? 2_700 : 110,
                isSynchronised: !run.hasBadClock
            )
        }
        var record = BlockRecord(number: number, paths: paths.map(\.name))
        let folder = run.mode == .simultaneous ? "" : "/block-\(number)"
        record.directories["frankfurt"] = "hosts/frankfurt\(folder)"
        record.window = window
        if paths.contains(where: { $0.kind == .relay }) {
            let relayed = lanes.filter { $0.path.kind == .relay }.map(forwarderLane)
            data.forwarders["tokyo"] = summary(.forward, agentPaths.filter { $0.kind == .relay }, nil, relayed, 0)
            data.clocks["tokyo"] = [SyntheticRun.reading(at: offsetSeconds, boundUs: 95)]
            record.directories["tokyo"] = "hosts/tokyo\(folder)"
        }
        return (record, data)
    }

    private func summary(
        _ role: AgentPlan.Role,
        _ paths: [AgentPath],
        _ window: MeasuredWindow?,
        _ lanes: [LaneSummary],
        _ count: Int
    ) -> AgentSummary {
        let plan = AgentPlan(
            runID: run.id,
            host: role == .receive ? "frankfurt" : "tokyo",
            role: role,
            market: run.market,
            streams: run.streams,
            paths: paths,
            start: .whenTold,
            warmUp: TimeSpan(ns: Int64(run.warmUpSeconds * 1e9)),
            duration: TimeSpan(ns: Int64(run.seconds * 1e9)),
            deadline: .seconds(600)
        )
        return AgentSummary(
            plan: plan,
            agentVersion: "0.1.0",
            state: .finished,
            reason: "the deadline",
            started: SyntheticRun.moment(offsetSeconds - 4),
            ended: SyntheticRun.moment(offsetSeconds + run.seconds + 1),
            window: window,
            lanes: lanes,
            strangers: role == .receive && run.hasBadClock ? ["no proof": 2] : [:],
            clockSteps: role == .receive
                ? run.clockSteps.map { ClockStep(at: SyntheticRun.moment($0.seconds), stepNs: $0.stepNs) } : [],
            receiveTimeSource: "kernel",
            sampleCount: count
        )
    }

    private func receiverLane(_ lane: Lane) -> LaneSummary {
        var summary = LaneSummary(path: lane.path.name, lane: lane.lane, counts: lane.counts, missing: lane.missing)
        if lane.path.kind == .direct {
            if lane.lane == 0 {
                summary.counts.invalid = run.invalidMessages == 0 ? [:] : ["no update id": run.invalidMessages]
                summary.counts.received += run.invalidMessages
            }
            summary.connections = feedConnections(lane)
        } else {
            summary.counts.received = 0
            summary.counts.forwarded = 0
            summary.connections = [connection("relay", "10.0.1.10:40112", from: -3, to: nil)]
            let sent = lane.counts.received
            if lane.path.transport == .udp {
                var facts = DatagramFacts()
                facts.late = 0
                facts.hostDrops = run.hostDrops
                facts.receiveBufferOctets = 425_984
                summary.datagrams = facts
            }
            summary.senderTotals = SenderTotals(
                received: sent,
                forwarded: sent,
                dropped: 0,
                invalid: 0,
                lastSequence: lane.sequence
            )
        }
        return summary
    }

    private func forwarderLane(_ lane: Lane) -> LaneSummary {
        var counts = LaneCounts()
        counts.received = lane.counts.received
        counts.forwarded = lane.counts.forwarded
        return LaneSummary(
            path: lane.path.name,
            lane: lane.lane,
            counts: counts,
            connections: feedConnections(lane) + [connection("relay", "10.1.1.10:8080", from: -3, to: nil)]
        )
    }

    private func feedConnections(_ lane: Lane) -> [ConnectionRecord] {
        let endpoint = "192.0.2.\(10 + lane.number):443"
        guard lane.path.kind == .direct, lane.lane < run.directGapLanes, let gap = run.directGap else {
            return [connection("feed", endpoint, from: -3, to: nil)]
        }
        return [
            connection("feed", endpoint, from: -3, to: run.directGapNoticedSeconds ?? gap.lowerBound),
            connection("feed", "192.0.2.99:443", from: gap.upperBound, to: nil),
        ]
    }

    private func connection(_ purpose: String, _ endpoint: String, from start: Double, to end: Double?)
        -> ConnectionRecord
    {
        var record = ConnectionRecord(
            purpose: purpose,
            endpoint: endpoint,
            began: SyntheticRun.moment(offsetSeconds + start - 0.3)
        )
        record.streaming = SyntheticRun.moment(offsetSeconds + start)
        if let end {
            record.ended = SyntheticRun.moment(offsetSeconds + end)
            record.reason = "the exchange closed the connection (1006)"
        }
        return record
    }
}
