/// Follows the connections on a packet link and says when each octet of market data was really to be had at its end.
///
/// Octets of a TCP connection count as delivered when all before them are, since TCP hands them on in order: what a
/// lost packet holds up is delivered with its retransmission. Datagrams between two ports are delivered as they come.
/// Sequence numbers and flags as in RFC 9293; IPv4 only, which is what the lab uses.
final class StreamTracker {
    /// Out-of-order octets that are kept for one connection; far above any window of the lab.
    private static let keptLimit = 64 << 20

    private struct Stream {
        let id: LinkConnectionID
        /// The number of the next octet that is missing.
        var next: UInt32
        var deliveredOctets = 0
        /// What came ahead of its turn, by the distance from the stream's first octet.
        var ahead: [Int: [UInt8]] = [:]
        var aheadOctets = 0
    }

    private struct DatagramStream {
        let id: LinkConnectionID
        var deliveredOctets = 0
    }

    private struct Key: Hashable {
        let peerAddress: UInt32
        let ports: UInt32
    }

    private let link: LinkName
    private let observer: any LinkObserver
    private var streams: [Key: Stream] = [:]
    private var datagramStreams: [Key: DatagramStream] = [:]
    private var nextNumber = 0

    init(_ link: LinkName, observer: any LinkObserver) {
        self.link = link
        self.observer = observer
    }

    /// A packet has entered the link: a connection that begins is known before its first octet is delivered.
    func came(_ packet: UnsafeRawBufferPointer) {
        if let datagram = LabDatagram(packet) { return came(datagram) }
        guard let segment = Segment(packet), segment.isOpening else { return }
        let key = Key(peerAddress: segment.peerAddress, ports: segment.ports)
        if let old = streams[key] {
            guard old.next != segment.sequence &+ 1 || old.deliveredOctets > 0 else { return }
            observer.linkClosed(old.id)
        }
        let id = LinkConnectionID(link: link, number: nextNumber)
        nextNumber += 1
        streams[key] = Stream(id: id, next: segment.sequence &+ 1)
        observer.linkConnected(id, localPort: segment.peerPort)
    }

    /// A packet has been delivered.
    func delivered(_ packet: UnsafeRawBufferPointer, readNs: Int64, deliveredNs: Int64) {
        if let datagram = LabDatagram(packet) {
            return delivered(datagram, readNs: readNs, deliveredNs: deliveredNs)
        }
        guard let segment = Segment(packet) else { return }
        let key = Key(peerAddress: segment.peerAddress, ports: segment.ports)
        guard var stream = streams.removeValue(forKey: key) else { return }
        if segment.isReset { return observer.linkClosed(stream.id) }
        let payload = UnsafeRawBufferPointer(rebasing: packet[segment.payload])
        take(payload, at: segment.sequence, into: &stream, readNs: readNs, deliveredNs: deliveredNs)
        streams[key] = stream
    }

    private func came(_ datagram: LabDatagram) {
        let key = Key(peerAddress: datagram.peerAddress, ports: datagram.ports)
        guard datagramStreams[key] == nil else { return }
        let id = LinkConnectionID(link: link, number: nextNumber)
        nextNumber += 1
        datagramStreams[key] = DatagramStream(id: id)
        observer.linkConnected(id, localPort: datagram.peerPort)
    }

    private func delivered(_ datagram: LabDatagram, readNs: Int64, deliveredNs: Int64) {
        let key = Key(peerAddress: datagram.peerAddress, ports: datagram.ports)
        guard var stream = datagramStreams[key] else { return }
        stream.deliveredOctets += datagram.payload.count
        datagramStreams[key] = stream
        var delivery = LinkDelivery(readNs: readNs, deliveredNs: deliveredNs, endOctets: stream.deliveredOctets)
        delivery.isDatagram = true
        observer.linkDelivered(stream.id, delivery, datagram.payload)
    }

    private func take(
        _ payload: UnsafeRawBufferPointer,
        at sequence: UInt32,
        into stream: inout Stream,
        readNs: Int64,
        deliveredNs: Int64
    ) {
        // Modulo 2^32, as sequence numbers are; negative for octets that were delivered before.
        let distance = Int(Int32(bitPattern: sequence &- stream.next))
        guard !payload.isEmpty, distance + payload.count > 0 else { return }
        guard distance <= 0 else {
            let place = stream.deliveredOctets + distance
            let isLonger = payload.count > stream.ahead[place]?.count ?? 0
            guard isLonger, stream.aheadOctets + payload.count <= Self.keptLimit else { return }
            stream.aheadOctets += payload.count - (stream.ahead[place]?.count ?? 0)
            stream.ahead[place] = Array(payload)
            return
        }
        hand(UnsafeRawBufferPointer(rebasing: payload[(-distance)...]), on: &stream, readNs, deliveredNs)
        takeWaiting(&stream, readNs, deliveredNs)
    }

    private func takeWaiting(_ stream: inout Stream, _ readNs: Int64, _ deliveredNs: Int64) {
        while let (place, bytes) = stream.ahead.min(by: { $0.key < $1.key }), place <= stream.deliveredOctets {
            stream.ahead[place] = nil
            stream.aheadOctets -= bytes.count
            let known = stream.deliveredOctets - place
            guard known < bytes.count else { continue }
            bytes.withUnsafeBytes {
                hand(UnsafeRawBufferPointer(rebasing: $0[known...]), on: &stream, readNs, deliveredNs)
            }
        }
    }

    private func hand(
        _ bytes: UnsafeRawBufferPointer,
        on stream: inout Stream,
        _ readNs: Int64,
        _ deliveredNs: Int64
    ) {
        stream.next &+= UInt32(bytes.count)
        stream.deliveredOctets += bytes.count
        let delivery = LinkDelivery(readNs: readNs, deliveredNs: deliveredNs, endOctets: stream.deliveredOctets)
        observer.linkDelivered(stream.id, delivery, bytes)
    }
}

/// What is needed of a TCP segment in an IPv4 packet (RFC 791, RFC 9293).
private struct Segment {
    let peerAddress: UInt32
    let peerPort: Int
    /// Source and destination port together.
    let ports: UInt32
    let sequence: UInt32
    let payload: Range<Int>
    private let flags: UInt8

    /// SYN: the first segment of its sender.
    var isOpening: Bool { flags & 0x02 != 0 }
    var isReset: Bool { flags & 0x04 != 0 }

    init?(_ packet: UnsafeRawBufferPointer) {
        guard packet.count >= 40, packet[0] >> 4 == 4, packet[9] == 6 else { return nil }
        func number(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let header = Int(packet[0] & 0x0f) * 4
        let total = min(packet.count, Int(packet[2]) << 8 | Int(packet[3]))
        guard header >= 20, total >= header + 20 else { return nil }
        peerAddress = number(16)
        ports = number(header)
        peerPort = Int(ports & 0xffff)
        sequence = number(header + 4)
        let dataStart = header + Int(packet[header + 12] >> 4) * 4
        flags = packet[header + 13]
        payload = min(dataStart, total)..<total
    }
}
