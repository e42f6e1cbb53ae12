/// What a simulated world shall be: the file that `latexp-lab serve --spec` reads.
public struct LabRequest: Codable, Hashable, Sendable {
    /// Links, feed and faults.
    public var lab: LabSpecification
    /// The market whose messages the exchange sends.
    public var market: Market
    /// The streams that the exchange has events for.
    public var streams: [String]
    /// The receiver's port, behind the backbone; 0 for any free one.
    public var receiverPort: Int
    /// Whether to do without SSH servers and clocks: both hosts are then this machine itself.
    public var local: Bool

    /// A request; what is left out gets the documented default.
    public init(
        lab: LabSpecification = LabSpecification(),
        market: Market = .usdm,
        streams: [String] = ["btcusdt@bookTicker"],
        receiverPort: Int = 0,
        local: Bool = false
    ) {
        self.lab = lab
        self.market = market
        self.streams = streams
        self.receiverPort = receiverPort
        self.local = local
    }
}
