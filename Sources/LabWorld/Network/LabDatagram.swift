/// What is needed of a UDP datagram in an IPv4 packet that is no later fragment (RFC 791, RFC 768).
struct LabDatagram {
    let peerAddress: UInt32
    let peerPort: Int
    /// Source and destination port together.
    let ports: UInt32
    /// Valid as long as the packet is.
    let payload: UnsafeRawBufferPointer

    /// The datagram in a packet; nil when there is none.
    init?(_ packet: UnsafeRawBufferPointer) {
        guard packet.count >= 28, packet[0] >> 4 == 4, packet[9] == 17 else { return nil }
        func number(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let header = Int(packet[0] & 0x0f) * 4
        let total = min(packet.count, Int(packet[2]) << 8 | Int(packet[3]))
        let isLaterFragment = number(4) & 0x1fff != 0
        guard header >= 20, total >= header + 8, !isLaterFragment else { return nil }
        peerAddress = number(16)
        ports = number(header)
        peerPort = Int(ports & 0xffff)
        payload = UnsafeRawBufferPointer(rebasing: packet[(header + 8)..<total])
    }

    /// Whether a raw message with its update id stands in it.
    var carriesUpdate: Bool {
        var updates = RelayedUpdates()
        var found = false
        updates.next(payload) { _ in found = true }
        // The rest of the message may be in fragments, which are no datagrams of their own.
        updates.giveRest { _ in found = true }
        return found
    }
}
