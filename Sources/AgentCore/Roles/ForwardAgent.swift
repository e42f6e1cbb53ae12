import ExperimentModel
import WireTransport

/// Takes the feed and relays it on: each lane is one connection to the exchange and one to the receiver.
final class ForwardAgent: AgentRole, FeedLaneOwner, RelaySenderOwner {
    private(set) var state = AgentStatus.State.starting
    private(set) var message: String?
    private(set) var receiveTimes = ReceiveTimeCount()
    let window: MeasuredWindow? = nil
    let difference: LiveDifference? = nil
    let strangers: [String: Int] = [:]
    let recorder: SampleRecorder? = nil
    let ports: [String: Int] = [:]

    private let context: AgentContext
    private var lanes: [ForwarderLane] = []

    init(context: AgentContext) {
        self.context = context
    }

    func start() throws {
        let target = try FeedTarget(plan: context.plan)
        for path in context.plan.paths where path.kind == .relay {
            let destination = try RelayTarget(path: path, plan: context.plan)
            for number in 0..<path.lanes {
                let name = "\(path.name)/\(number)"
                let hello = RelayProtocol.Hello(lane: UInt16(number), path: path.name, runID: context.plan.runID)
                let sender = outlet(path.transport ?? .tcp, name, hello, destination.dialTarget)
                let lane = ForwarderLane(path: path, number: number, sender: sender)
                lanes.append(lane)
                lane.outbox.onDrop = { [unowned lane, unowned self] in noteDrop($0, lane) }
                lane.feed = FeedLane(
                    name: name,
                    index: lanes.count - 1,
                    target: target.spread(number),
                    context: context,
                    owner: self
                )
            }
        }
    }

    private func outlet(
        _ transport: PathTransport,
        _ name: String,
        _ hello: RelayProtocol.Hello,
        _ target: Dialer.Target
    ) -> any RelayOutlet {
        switch transport {
        case .tcp: RelaySender(name: name, hello: hello, target: target, context: context, owner: self)
        case .udp: RelayDatagramSender(name: name, hello: hello, target: target, context: context, owner: self)
        }
    }

    // MARK: Events

    @inline(__always)
    func laneEvent(_ feed: FeedLane, _ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp) {
        let lane = lanes[feed.index]
        lane.lastSequence += 1
        lane.outbox.append(
            sequence: lane.lastSequence,
            stamp: stamp,
            eventTimeNs: message.eventTimeNs,
            message: bytes
        )
        let arrivalNs = stamp.kernelNs == ReadStamp.absent ? stamp.wallNs : stamp.kernelNs
        lane.delays.add(message.eventTimeNs == SampleRecord.absent ? nil : arrivalNs - message.eventTimeNs)
        receiveTimes.add(kernelNs: stamp.kernelNs)
    }

    @inline(__always)
    func laneBatchEnded(_ feed: FeedLane) {
        lanes[feed.index].sender.flush()
    }

    private func noteDrop(_ sequence: UInt64, _ lane: ForwarderLane) {
        let cause = "dropped from the full buffer"
        lane.dropped.note(first: sequence, last: sequence, cause: cause, at: context.now)
    }

    // MARK: The course of a run

    func go() {}

    func breakRelays(_ reason: String) {
        for lane in lanes { lane.sender.breakOff(reason) }
    }

    func tick() {
        // Sending an event on must not wait for the acknowledgement of its arrival to be sent.
        for lane in lanes { lane.feed?.socket?.delayAcknowledgements() }
        guard state == .starting || state == .ready else { return }
        let isUp = lanes.allSatisfy { lane in
            lane.feed?.state == .streaming && lane.sender.state == .streaming && lane.sender.isPrimed
        }
        if isUp { state = .ready }
    }

    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool) {
        guard let lane = lanes.first(where: { $0.sender === sender }) else { return }
        finish(lane, wasStopped ? "the receiver was told to stop" : "the receiver's window is over")
    }

    func finish(_ reason: String) {
        for lane in lanes { finish(lane, reason) }
        if lanes.isEmpty { state = .finished }
    }

    private func finish(_ lane: ForwarderLane, _ reason: String) {
        if state != .finishing {
            state = .finishing
            message = reason
            context.log.write(.info, "finish", ["reason": reason])
        }
        lane.feed?.close(reason)
        lane.sender.finish()
    }

    func relayTotals(_ sender: any RelayOutlet) -> SenderTotals {
        guard let lane = lanes.first(where: { $0.sender === sender }) else {
            return SenderTotals(received: 0, forwarded: 0, dropped: 0, invalid: 0, lastSequence: 0)
        }
        return lane.totals
    }

    func relayEnded(_ sender: any RelayOutlet) {
        lanes.first { $0.sender === sender }?.isEnded = true
        if lanes.allSatisfy(\.isEnded) { state = .finished }
    }

    var isOver: Bool { state == .finished }

    func everySecond() {}

    // MARK: Accounts

    func laneStatuses() -> [LaneStatus] { lanes.map { $0.takeStatus() } }
    func laneSummaries() -> [LaneSummary] { lanes.map(\.summary) }
    func tcpStates() -> [TCPStateRecord] { lanes.flatMap(\.tcpStates) }
}
