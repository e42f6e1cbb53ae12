import ExperimentModel

/// Tells a person at the terminal what an agent started by hand is doing: connections and failures as they happen, what
/// is waited for, and a line of figures every ten seconds.
public final class ByHandProgress {
    /// How often a line of figures comes, seconds.
    private static let intervalSeconds = 10.0
    /// How often it is said what is waited for, and the least time between two failures of a lane, seconds.
    private static let patienceSeconds = 5.0

    /// What was last said of a lane.
    private struct LaneMemory {
        var states: [LaneStatus.State?] = []
        var failure: String?
        var failureSeconds = -Double.infinity
    }

    private let plan: AgentPlan
    private let say: (String) -> Void
    private var lanes: [LaneMemory]
    private var beganSeconds: Double?
    private var measuredFromSeconds: Double?
    private var spokeSeconds = 0.0
    private var state = AgentStatus.State.starting
    private var saidClock = false
    private var saidRecording = false
    private var refused = 0

    /// Progress of an agent with this plan; `say` takes one line without its end.
    public init(plan: AgentPlan, say: @escaping (String) -> Void) {
        self.plan = plan
        self.say = say
        lanes = [LaneMemory](repeating: LaneMemory(), count: plan.paths.reduce(0) { $0 + $1.lanes })
    }

    /// Says what is new in a status; call once a second.
    public func note(_ status: AgentStatus) {
        let nowSeconds = Double(status.at.monotonicNs) / 1e9
        if beganSeconds == nil {
            beganSeconds = nowSeconds
            spokeSeconds = nowSeconds
            begin(status)
        }
        for (index, lane) in status.lanes.enumerated() where lanes.indices.contains(index) {
            note(lane, index, nowSeconds)
        }
        noteHost(status)
        noteState(status, nowSeconds)
        let isMoving = status.lanes.contains {
            $0.counts.received - $0.counts.invalidTotal + $0.counts.arrived > 0
        }
        guard nowSeconds - spokeSeconds >= (isMoving ? Self.intervalSeconds : Self.patienceSeconds) - 0.5 else {
            return
        }
        guard status.state != .finished, status.state != .failed else { return }
        spokeSeconds = nowSeconds
        say(isMoving ? figures(status, nowSeconds) : waiting(status, nowSeconds))
    }

    private func begin(_ status: AgentStatus) {
        let feed =
            "\(plan.market.rawValue) \(plan.streams.prefix(5).joined(separator: " "))"
            + (plan.streams.count > 5 ? " and \(plan.streams.count - 5) more" : "")
        let hasDirect = plan.paths.contains { $0.kind == .direct }
        switch plan.role {
        case .forward:
            let to =
                plan.paths.first.map {
                    "\($0.destination ?? "?"):\($0.port ?? 0)" + ($0.transport == .udp ? " over UDP" : "")
                } ?? "?"
            say("forwards \(feed) to \(to) until the receiver has had enough, or SIGTERM or Ctrl-C")
        case .receive:
            let ports = plan.paths.filter { $0.kind == .relay }.map {
                "listens on \($0.transport == .udp ? "UDP " : "")port \(status.ports?[$0.name] ?? $0.port ?? 0)"
            }
            let ways = (hasDirect ? ["dials the exchange for \(feed)"] : []) + ports
            say("\(ways.joined(separator: " and ")); measures \(plan.duration) from the first event on")
        }
        let specification = FeedSpecification(market: plan.market, streams: plan.streams)
        if specification.hasNoEventTime {
            say(
                "note: spot's \(feed.dropFirst(5)) carries no event time, so there is no end-to-end latency; "
                    + "--stream btcusdt@trade has one"
            )
        }
    }

    /// Says what a person must know of this host at once: its clock, its disk, and who else knocks.
    private func noteHost(_ status: AgentStatus) {
        if !saidClock, let reading = status.clock {
            saidClock = true
            say(Self.clock(reading))
        }
        if !saidRecording, let failure = status.recordingFailure {
            saidRecording = true
            say("warning: samples or log can no longer be written: \(failure.reason)")
        }
        let now = status.strangers?[AgentError.Code.occupied.rawValue] ?? 0
        if now > refused {
            let present = status.lanes.compactMap(\.endpoint).joined(separator: ", ")
            say(
                "warning: another forwarder was refused (\(ByHandText.times(now)) so far), since \(present) is connected"
            )
        }
        refused = now
    }

    private static func clock(_ reading: ClockReading) -> String {
        switch ClockVerdict.judge(reading, maxError: .seconds(86_400)) {
        case .good(let seconds):
            let source = reading.tracking?.referenceName ?? "?"
            return "this host's clock is right within \(milliseconds(seconds * 1_000)) (chrony, by \(source))"
        case .bad(let reason):
            return "warning: this host's clock is not known to be right: \(reason); end-to-end figures are wrong by as "
                + "much as it is. Started by hand the agent measures all the same; `latexp run` refuses such a host"
        }
    }

    private func note(_ lane: LaneStatus, _ index: Int, _ nowSeconds: Double) {
        let name = "\(lane.path)/\(lane.lane)"
        let states = [lane.state, lane.relayState]
        if states != lanes[index].states {
            let before = lanes[index].states
            lanes[index].states = states
            if lane.state == .streaming, before.first != .streaming {
                say("\(name): events come from \(lane.endpoint ?? "?")")
            }
            if lane.relayState == .streaming, before.last != .streaming { say("\(name): connected to the receiver") }
        }
        guard let failure = lane.lastFailure, failure != lanes[index].failure,
            nowSeconds - lanes[index].failureSeconds >= Self.patienceSeconds
        else { return }
        lanes[index].failure = failure
        lanes[index].failureSeconds = nowSeconds
        say("\(name): \(failure)")
    }

    private func noteState(_ status: AgentStatus, _ nowSeconds: Double) {
        guard status.state != state else { return }
        state = status.state
        switch status.state {
        case .measuring:
            measuredFromSeconds = nowSeconds
            spokeSeconds = nowSeconds
            say("the first event is here: measuring for \(plan.duration)")
        case .finishing: say("saying goodbye: \(Termination.signalName ?? status.message ?? "told to")")
        case .starting, .ready, .finished, .failed: break
        }
    }

    private func waiting(_ status: AgentStatus, _ nowSeconds: Double) -> String {
        let lanes = status.lanes.prefix(4).map { "\($0.path)/\($0.lane) \(what($0, status))" }
        let waited = Int(nowSeconds - (beganSeconds ?? nowSeconds))
        return "\(waited) s, waiting for the first event: \(lanes.joined(separator: ", "))"
    }

    /// What a lane is doing that has brought nothing yet.
    private func what(_ lane: LaneStatus, _ status: AgentStatus) -> String {
        let isRelay = plan.role == .receive && plan.paths.contains { $0.name == lane.path && $0.kind == .relay }
        if isRelay {
            switch lane.state {
            case .waiting: return "no forwarder has dialled"
            case .streaming: return "a forwarder is connected, no event yet"
            case .connecting, .closed: return lane.state.rawValue
            }
        }
        if let text = lane.counts.unusableText { return text }
        if lane.isMute == true { return "subscribed, no event yet" }
        guard lane.state != .streaming, let failure = lane.lastFailure else { return lane.state.rawValue }
        let next = lane.nextAttempt.map { moment in
            "; next try in \(ByHandText.seconds(max(0, Double(moment.monotonicNs - status.at.monotonicNs) / 1e9)))"
        }
        return "failed \(ByHandText.times(lane.connections)): \(failure)\(next ?? "")"
    }

    private func figures(_ status: AgentStatus, _ nowSeconds: Double) -> String {
        let paths = plan.paths.map { path in
            let lanes = status.lanes.filter { $0.path == path.name }
            return "\(path.name) \(plan.role == .forward ? Self.forwarded(lanes) : Self.received(lanes))"
        }
        let seconds = Int(nowSeconds - (measuredFromSeconds ?? beganSeconds ?? nowSeconds))
        let of = plan.role == .receive ? " of \(plan.duration)" : ""
        let difference = status.differenceMedianMs.map { "; relay - direct \(Self.milliseconds($0))" } ?? ""
        return "\(seconds) s\(of): \(paths.joined(separator: "; "))\(difference)"
    }

    private static func received(_ lanes: [LaneStatus]) -> String {
        let events = lanes.reduce(0) { $0 + $1.counts.arrived }
        let rate = lanes.reduce(0) { $0 + $1.ratePerSecond }
        let missing = lanes.reduce(0) { $0 + $1.counts.missing }
        let median = lanes.compactMap(\.medianMs).min().map { ", median \(milliseconds($0))" } ?? ""
        let p99 = lanes.compactMap(\.p99Ms).max().map { ", p99 \(milliseconds($0))" } ?? ""
        return "\(events) events, \(Int(rate))/s\(median)\(p99)" + (missing > 0 ? ", \(missing) missing" : "")
    }

    private static func forwarded(_ lanes: [LaneStatus]) -> String {
        func sum(_ value: (LaneCounts) -> Int) -> Int { lanes.reduce(0) { $0 + value($1.counts) } }
        let (buffered, dropped, invalid) = (sum(\.buffered), sum(\.dropped), sum(\.invalidTotal))
        return "\(sum(\.received)) events taken, \(sum(\.forwarded)) relayed"
            + (buffered > 0 ? ", \(buffered) waiting" : "") + (dropped > 0 ? ", \(dropped) dropped" : "")
            + (invalid > 0 ? ", \(invalid) invalid" : "")
    }

    private static func milliseconds(_ value: Double) -> String { ByHandText.milliseconds(value) }
}
