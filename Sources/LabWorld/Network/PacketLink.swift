import CSockets
import Foundation
import WireTransport

/// A way between two hosts of the network lab, for whole packets, on a thread of its own.
public final class PacketLink: Sendable {
    /// One end: a host and its address on this link.
    struct End: Sendable {
        var namespace: NetworkNamespace
        var address: String
    }

    /// The link's name.
    public let name: String
    private let thread: LoopThread<PacketPump>

    /// Opens a device at either end and joins them; addresses come later, by `configure`.
    ///
    /// - Parameters:
    ///   - device: the name of both devices, at most 15 octets.
    ///   - tracker: hears what the TCP connections on the link deliver; nil where nobody asks.
    /// - Throws: `LabError` `system`.
    init(
        _ name: String,
        device: String,
        near: End,
        far: End,
        settings: PacketLinkSettings,
        seed: UInt64,
        tracker: (@Sendable () -> StreamTracker)? = nil
    ) throws {
        self.name = name
        thread = try LoopThread("link \(name)") { loop in
            try near.namespace.enter()
            let nearDevice = try TunDevice(name: device)
            try far.namespace.enter()
            let farDevice = try TunDevice(name: device)
            return PacketPump(name, loop, nearDevice, farDevice, settings, seed: seed, tracker: tracker?())
        }
    }

    /// Gives the devices their addresses.
    static func configure(device: String, near: End, far: End, ip: Tool) async throws {
        for (own, other) in [(near, far), (far, near)] {
            let base = ["-n", own.namespace.name]
            _ = try await ip.run(base + ["addr", "add", own.address, "peer", other.address, "dev", device])
            _ = try await ip.run(base + ["link", "set", device, "up", "txqueuelen", "10000"])
        }
    }

    /// Changes what the link does, both ways.
    public func change(_ change: PacketLinkChange) {
        _ = thread.ask { $0.change(change) }
    }

    /// What became of the packets so far, from the near end to the far one and back.
    public var records: (outward: PacketRecord, inward: PacketRecord) {
        thread.ask { ($0.outward.record, $0.inward.record) } ?? (PacketRecord(), PacketRecord())
    }

    /// Takes the link down.
    func stop() {
        thread.stop { $0.close() }
    }
}

/// The devices of one link and the two directions between them, on the link's thread.
final class PacketPump {
    let outward: PacketFlow
    let inward: PacketFlow
    private let loop: EventLoop
    private let devices: [TunDevice]

    init(
        _ name: String,
        _ loop: EventLoop,
        _ near: TunDevice,
        _ far: TunDevice,
        _ settings: PacketLinkSettings,
        seed: UInt64,
        tracker: StreamTracker?
    ) {
        self.loop = loop
        devices = [near, far]
        let outward = PacketFlow(settings, seed: seed, purpose: name + " outward", loop: loop, target: far.descriptor)
        let inward = PacketFlow(settings, seed: seed, purpose: name + " inward", loop: loop, target: near.descriptor)
        self.outward = outward
        self.inward = inward
        near.onPacket = { outward.take($0) }
        far.onPacket = { inward.take($0) }
        // Market data goes from the near end to the far one.
        if let tracker {
            outward.onArrival = { tracker.came($0) }
            outward.onDelivery = { tracker.delivered($0, readNs: $1, deliveredNs: $2) }
        }
        for device in devices { loop.add(device) }
    }

    func change(_ change: PacketLinkChange) {
        outward.change(change)
        inward.change(change)
    }

    func close() {
        for device in devices { loop.remove(device) }
    }
}
