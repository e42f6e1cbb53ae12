import CSockets
import ExperimentModel
import Foundation
import WireTransport

/// One direction of a packet link: takes packets from one device, holds or loses each, writes it to the other.
final class PacketFlow {
    /// Packets that may wait; what comes beyond is lost, as at a full router.
    ///
    /// Many times what a fast link holds in 250 ms.
    private static let waitingLimit = 200_000
    /// Smaller packets are acknowledgements and the like, and not in the record of delays.
    private static let recordedOctets = 90

    private struct Packet {
        var bytes: [UInt8]
        var readMonotonicNs: Int64
        var readNs: Int64
        var dueNs: Int64
    }

    /// What became of the packets so far.
    private(set) var record = PacketRecord()
    /// Called with each packet as it is delivered, and when that was, `CLOCK_REALTIME`.
    var onDelivery: ((UnsafeRawBufferPointer, _ readNs: Int64, _ deliveredNs: Int64) -> Void)?
    /// Called with each packet that comes, before it is delayed or lost.
    var onArrival: ((UnsafeRawBufferPointer) -> Void)?

    private var settings: PacketLinkSettings
    private var delay: LinkDelay
    private var lossGenerator: SeededGenerator
    private var cutUntilNs = Int64.min
    private var lineFreeNs = Int64.min
    private var packets: [Packet] = []
    private var head = 0
    private var timer: TimerID?
    private let loop: EventLoop
    private let target: Int32
    private let seed: UInt64
    private let purpose: String

    init(_ settings: PacketLinkSettings, seed: UInt64, purpose: String, loop: EventLoop, target: Int32) {
        self.settings = settings
        self.seed = seed
        self.purpose = purpose
        self.loop = loop
        self.target = target
        delay = LinkDelay(.init(delay: settings.delay, jitter: settings.jitter), seed: seed, purpose: purpose)
        lossGenerator = SeededGenerator(seed: seed, purpose: purpose + " loss")
    }

    /// Puts new settings in force for packets that come from now on.
    func change(_ change: PacketLinkChange) {
        if let loss = change.loss { settings.loss = loss }
        if let rate = change.bitsPerSecond { settings.bitsPerSecond = rate }
        if change.delay != nil || change.jitter != nil {
            settings.delay = change.delay ?? settings.delay
            settings.jitter = change.jitter ?? settings.jitter
            // The old one's last due time is forgotten: a shorter way may be overtaken by nothing, since the queue is
            // in order.
            delay = LinkDelay(.init(delay: settings.delay, jitter: settings.jitter), seed: seed, purpose: purpose)
        }
        if let cut = change.cut { cutUntilNs = HostClock.monotonicNs() + cut.ns }
    }

    /// Takes a packet that has just come.
    func take(_ bytes: UnsafeRawBufferPointer) {
        let nowNs = HostClock.monotonicNs()
        let wallNs = HostClock.wallNs()
        record.received += 1
        onArrival?(bytes)
        let isLost = nowNs < cutUntilNs || lossGenerator.unit() < settings.loss
        guard !isLost, packets.count - head < Self.waitingLimit else { return lose(bytes) }
        var dueNs = delay.dueNs(atNs: nowNs)
        if settings.bitsPerSecond > 0 {
            lineFreeNs = max(lineFreeNs, nowNs) + Int64(Double(bytes.count) * 8e9 / settings.bitsPerSecond)
            dueNs = max(dueNs, lineFreeNs + settings.delay.ns)
        }
        if let last = packets.last, packets.count > head { dueNs = max(dueNs, last.dueNs) }
        packets.append(Packet(bytes: Array(bytes), readMonotonicNs: nowNs, readNs: wallNs, dueNs: dueNs))
        arm()
    }

    private func lose(_ bytes: UnsafeRawBufferPointer) {
        record.lost += 1
        if let datagram = LabDatagram(bytes), datagram.carriesUpdate { record.lostUpdates += 1 }
    }

    private func arm() {
        guard timer == nil, head < packets.count else { return }
        timer = loop.schedule(atMonotonicNs: packets[head].dueNs) { [weak self] in
            self?.timer = nil
            self?.deliverDue()
        }
    }

    private func deliverDue() {
        while head < packets.count, packets[head].dueNs <= HostClock.monotonicNs() {
            deliver(packets[head])
            packets[head].bytes = []
            head += 1
        }
        if head == packets.count {
            packets.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4_096 {
            packets.removeFirst(head)
            head = 0
        }
        arm()
    }

    private func deliver(_ packet: Packet) {
        let isCut = HostClock.monotonicNs() < cutUntilNs
        guard !isCut else {
            // What is under way when a cable is cut does not arrive either.
            return packet.bytes.withUnsafeBytes { lose($0) }
        }
        packet.bytes.withUnsafeBytes { bytes in
            let deliveredNs = HostClock.wallNs()
            // The truth is noted first: whoever reads the packet may act on it before this thread goes on.
            onDelivery?(bytes, packet.readNs, deliveredNs)
            let count = write(target, bytes.baseAddress, bytes.count)
            if count != bytes.count { record.refused += 1 }
            if bytes.count > Self.recordedOctets {
                record.note(delayNs: HostClock.monotonicNs() - packet.readMonotonicNs)
            }
        }
    }
}
