/// How a relay's TCP connections are kept ready for bursts.
///
/// A TCP connection may only have a window of octets unacknowledged. It begins with some ten segments, grows with use, and the
/// kernel lets it shrink again when it is not used; what goes beyond it waits for a whole round trip. So a forwarder sends
/// padding, which the receiver throws away, until the window is wide, and now and then to keep it wide.
public struct RelayTransport: Codable, Hashable, Sendable {
    /// The windows that may be kept open, octets.
    public static let primedSizes = 0...(64 << 20)
    /// What stands in an experiment file for the congestion control that the host has.
    public static let hostsOwn = "host"

    /// The window that is kept open, octets; 0 sends no padding at all.
    public var primedOctets: Int
    /// The congestion control to ask for, such as `cubic` or `bbr`; nil for the host's own.
    ///
    /// BBR paces what it sends by the rate that it has seen, and spreads the burst of a quiet feed over tens of milliseconds.
    public var congestionControl: String?

    /// A transport; the default keeps 128 KiB open, several bursts of a busy book ticker, under CUBIC.
    public init(primedOctets: Int = 128 << 10, congestionControl: String? = "cubic") {
        self.primedOctets = primedOctets
        self.congestionControl = congestionControl
    }
}
