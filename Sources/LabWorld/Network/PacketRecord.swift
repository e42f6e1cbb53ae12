/// What became of the packets of one direction of a link.
public struct PacketRecord: Sendable {
    /// Delays beyond which no more are kept, to bound the memory: an hour at a thousand packets a second.
    static let delayLimit = 4_000_000

    /// Packets that came.
    public internal(set) var received = 0
    /// Packets that were lost on purpose, by chance or cut or a full queue.
    public internal(set) var lost = 0
    /// Datagrams among the lost ones that carried a market-data message; TCP sends its own again, so they are not
    /// counted.
    public internal(set) var lostUpdates = 0
    /// Packets that the device did not take.
    public internal(set) var refused = 0
    private var delaysNs: [Int64] = []

    /// A record without packets.
    public init() {}

    /// The true delay of packets that carry data: `quantile` from 0 to 1; nil when there were none.
    public func delayNs(quantile: Double) -> Int64? {
        guard !delaysNs.isEmpty else { return nil }
        let sorted = delaysNs.sorted()
        return sorted[min(sorted.count - 1, Int(quantile * Double(sorted.count)))]
    }

    mutating func note(delayNs: Int64) {
        guard delaysNs.count < Self.delayLimit else { return }
        if delaysNs.isEmpty { delaysNs.reserveCapacity(65_536) }
        delaysNs.append(delayNs)
    }
}
