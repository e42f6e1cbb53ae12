import ExperimentModel
import WireTransport

/// The receiver's end of one relayed lane, over TCP or UDP.
protocol RelayInlet: AnyObject {
    /// What arrived.
    var counts: LaneCounts { get }
    /// The sequence ids that never came.
    var missing: [MissingRange] { get }
    /// The forwarder's totals, once it has said goodbye.
    var senderTotals: SenderTotals? { get }
    /// What the forwarder had done before this receiver's first connection.
    var before: SenderTotals? { get }
    /// The account of all connections.
    var connections: [ConnectionRecord] { get }
    /// What the connection is doing.
    var state: LaneStatus.State { get }
    /// The number of the present connection, from 0; -1 before the first.
    var connectionNumber: Int { get }
    /// What probes showed.
    var envelope: OffsetEnvelope { get }
    /// The forwarder's address.
    var endpoint: String? { get }
    /// The TCP connection's socket; nil without one.
    var socket: StreamSocket? { get }
    /// What came from forwarders before one that was restarted; nil when none was.
    var earlier: LaneCounts? { get }
    /// What only datagrams have to tell; nil over TCP.
    var datagramFacts: DatagramFacts? { get }
    /// Asks the forwarder for the time; called each second.
    func probe()
    /// Tells the forwarder that the window is over, now or when it is back, and whether a signal ended it.
    func askToFinish(wasStopped: Bool)
    /// Closes for good.
    func close()
}

extension RelayReceiverLane: RelayInlet {
    var datagramFacts: DatagramFacts? { nil }
}

extension LaneCounts {
    /// Adds what another forwarder's events came to.
    ///
    /// How many are missing is as large as a forwarder says: beyond the largest number it stays that.
    mutating func addArrivals(of other: LaneCounts) {
        arrived += other.arrived
        duplicates += other.duplicates
        reordered += other.reordered
        let sum = missing.addingReportingOverflow(other.missing)
        missing = sum.overflow ? .max : sum.partialValue
    }
}
