import CSockets
import WireTransport

/// One line of `tcp.jsonl`.
struct TCPStateRecord: Codable {
    var wallNs: Int64
    var path: String
    var lane: Int
    var purpose: String
    var rttUs: Int
    var rttVarianceUs: Int
    var retransmits: Int
    var lost: Int
    var congestionWindow: Int
    var unacknowledged: Int
    var unsentOctets: Int
    var congestionControl: String?
}

extension TCPStateRecord {
    /// A line from a socket; nil when there is no connection, or the kernel does not say.
    init?(_ path: String, _ lane: Int, _ purpose: String, _ socket: StreamSocket?) {
        guard let state = socket?.tcpState else { return nil }
        self.init(
            wallNs: HostClock.wallNs(),
            path: path,
            lane: lane,
            purpose: purpose,
            rttUs: Int(state.rttUs),
            rttVarianceUs: Int(state.rttVarianceUs),
            retransmits: Int(state.retransmits),
            lost: Int(state.lost),
            congestionWindow: Int(state.congestionWindow),
            unacknowledged: Int(state.unacknowledged),
            unsentOctets: Int(state.unsentOctets),
            congestionControl: socket?.congestionControl
        )
    }
}
