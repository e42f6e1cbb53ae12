import ExperimentModel
import WireTransport

/// How a forwarder's lane keeps its way to the receiver, over any transport: attempt after attempt with growing pauses,
/// the account of them, and the goodbye after which there are no more.
final class RelayRetry {
    /// How far the goodbye is.
    enum Goodbye {
        /// Nobody thinks of it.
        case none
        /// It is to be said as soon as all events are sent.
        case wanted
        /// It is under way.
        case said
    }

    /// How long the goodbye may go unanswered.
    private static let farewellLimitNs: Int64 = 10_000_000_000
    /// The same when somebody waits for this agent's end, while the receiver is there, and while it is not.
    private static let hurriedLimitsNs: (there: Int64, away: Int64) = (5_000_000_000, 2_000_000_000)
    /// A connection that lasted this long was let in, also by a receiver that says nothing; the pauses start over after
    /// it.
    private static let provenNs: Int64 = 5_000_000_000

    /// What the connection is doing.
    private(set) var state = LaneStatus.State.connecting
    /// How far the goodbye is.
    private(set) var goodbye = Goodbye.none
    /// Every connection so far.
    private(set) var account = ConnectionAccount()
    /// The number of connections opened or tried.
    private(set) var attempts = 0
    /// The newest failure.
    private(set) var lastFailure: String?

    private let lane: String
    private let transport: PathTransport
    private let context: AgentContext
    private var backoff: Backoff<SystemRandomNumberGenerator>

    init(lane: String, transport: PathTransport, context: AgentContext) {
        self.lane = lane
        self.transport = transport
        self.context = context
        backoff = Backoff(policy: context.plan.reconnect, generator: SystemRandomNumberGenerator())
    }

    /// Whether there will be no further attempt.
    var isEnded: Bool { state == .closed }

    private func note(_ level: AgentLog.Level, _ event: String, _ fields: [String: String]) {
        var fields = fields
        fields["lane"] = lane
        if transport == .udp { fields["transport"] = transport.rawValue }
        context.log.write(level, event, fields)
    }

    // MARK: An attempt, and what comes of it

    /// A new attempt begins; false when all is over.
    func begin(to target: Dialer.Target) -> Bool {
        guard !isEnded else { return false }
        attempts += 1
        state = .connecting
        account.present = ConnectionRecord(purpose: "relay", began: context.now)
        if transport == .udp { account.present?.details = transport.rawValue }
        note(.info, "relay.connect", ["to": "\(target.host):\(target.port)"])
        return true
    }

    /// The attempt has got as far as this address.
    func reached(_ endpoint: String, details: String? = nil) {
        account.present?.endpoint = endpoint
        if let details { account.present?.details = details }
    }

    /// Events may flow.
    func opened(_ endpoint: String) {
        state = .streaming
        account.present?.streaming = context.now
        note(.info, "relay.open", ["endpoint": endpoint])
    }

    /// The other end has shown that it is a receiver.
    func greeted() {
        if account.present?.greeted == nil { account.present?.greeted = context.now }
    }

    /// Something is odd about the connection, which goes on all the same.
    func suspect(_ reason: String) {
        lastFailure = reason
        note(.warning, "relay.suspect", ["reason": reason])
    }

    /// The receiver has let this side in: the pauses start over.
    func letIn() {
        backoff.reset()
        if account.present?.opened == nil { account.present?.opened = context.now }
    }

    /// The attempt has failed, or the connection is lost: `connect` is called after a pause, unless all is over.
    func lost(_ reason: String, connect: @escaping () -> Void) {
        let now = context.now
        if let since = account.present?.streaming, now.monotonicNs - since.monotonicNs > Self.provenNs {
            backoff.reset()
        }
        _ = account.close(reason, at: now)
        guard !isEnded else { return }
        lastFailure = reason
        state = .waiting
        if goodbye == .said { goodbye = .wanted }
        let pauseNs = backoff.nextNs()
        note(.warning, "relay.lost", ["reason": reason, "retryMilliseconds": "\(pauseNs / 1_000_000)"])
        context.loop.schedule(afterNs: pauseNs) { [self] in if state == .waiting { connect() } }
    }

    // MARK: The end

    /// The goodbye is to be said; `giveUp` is called with a reason if it is not answered in time.
    ///
    /// - Returns: false when that had been said before, or all is over.
    func wantGoodbye(orElse giveUp: @escaping (String) -> Void) -> Bool {
        guard goodbye == .none, !isEnded else { return false }
        goodbye = .wanted
        // Somebody who told this agent to stop waits for its end; a receiver that is not there will not come back for
        // it.
        let hurriedNs = state == .streaming ? Self.hurriedLimitsNs.there : Self.hurriedLimitsNs.away
        let limitNs = Termination.isRequested ? hurriedNs : Self.farewellLimitNs
        context.loop.schedule(afterNs: limitNs) {
            giveUp("no answer to the goodbye within \(limitNs / 1_000_000_000) s")
        }
        return true
    }

    /// The goodbye goes out now.
    func sayGoodbye() {
        goodbye = .said
    }

    /// All is over; false when it was before.
    func end(_ reason: String) -> Bool {
        guard !isEnded else { return false }
        state = .closed
        _ = account.close(reason, at: context.now)
        return true
    }
}
