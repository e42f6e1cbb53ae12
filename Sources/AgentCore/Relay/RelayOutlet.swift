import ExperimentModel
import WireTransport

/// A forwarder lane's way to the receiver, over TCP or UDP: keeps it up, proves the secret, sends the outbox, answers
/// probes.
protocol RelayOutlet: AnyObject {
    /// The events that wait.
    var outbox: RelayOutbox { get }
    /// Events handed over so far.
    var forwarded: Int { get }
    /// The attempts and connections so far, and what the present one is doing.
    var retry: RelayRetry { get }
    /// Whether the connection may take a burst.
    var isPrimed: Bool { get }
    /// For how long events waited for TCP's window, milliseconds; nil without TCP.
    var tcpWaitMs: Int? { get }
    /// What only datagrams have to tell; nil over TCP.
    var datagramFacts: DatagramFacts? { get }
    /// The TCP connection's socket; nil without one.
    var socket: StreamSocket? { get }
    /// Sends what the connection takes of the outbox.
    func flush()
    /// Breaks the connection, if there is one; another attempt follows as after any loss.
    func breakOff(_ reason: String)
    /// Sends what is buffered, then the goodbye with the totals.
    func finish()
}

extension RelayOutlet {
    /// What the connection is doing.
    var state: LaneStatus.State { retry.state }
    /// The account of all connections.
    var connections: [ConnectionRecord] { retry.account.all }
    /// The number of connections opened or tried.
    var connectionCount: Int { retry.attempts }
    /// The newest failure.
    var lastFailure: String? { retry.lastFailure }
}

/// What the owner of a relay outlet hears.
protocol RelaySenderOwner: AnyObject {
    /// The receiver says that the window is over, and whether a signal ended it.
    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool)
    /// The goodbye is answered, or will not be: nothing more will be sent.
    func relayEnded(_ sender: any RelayOutlet)
    /// The totals for the goodbye.
    func relayTotals(_ sender: any RelayOutlet) -> SenderTotals
}
