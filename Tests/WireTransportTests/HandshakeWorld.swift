import Testing

@testable import WireTransport

/// Servers and dials on one loop, and what was reported of the dials.
final class HandshakeWorld: ByteChannelOwner {
    /// How a dial came out.
    enum Outcome {
        /// TLS's version and cipher; empty without TLS.
        case open(tls: String)
        case refused(TransportError)
    }

    let loop = EventLoop()
    private(set) var reports: [String] = []
    private var listeners: [ListeningSocket] = []
    private var accepted: [ByteChannel] = []

    /// Listens on a loopback address, with TLS if a context is given; its address.
    func serve(_ tls: TLSContext?, on host: String = "127.0.0.1") throws -> SocketAddress {
        let listener = try ListeningSocket(host: host, port: 0)
        listener.onAccept = { [unowned self] socket in
            let session = tls.flatMap { try? TLSSession(server: $0) }
            accepted.append(ByteChannel(socket: socket, isConnected: true, tls: session, loop: loop, owner: Deaf()))
        }
        loop.add(listener)
        listeners.append(listener)
        return try #require(try SocketAddress.resolve(host: host, port: listener.port).first)
    }

    /// Dials these addresses as those of `name` and waits for the outcome; 20 s at most.
    func dial(
        _ addresses: [SocketAddress],
        tls: TLSContext?,
        name: String,
        limits: DialRace.Limits = DialRace.Limits()
    ) -> Outcome {
        var outcome: Outcome?
        let target = Dialer.Target(host: name, port: 1, tls: tls)
        let dial = Dial(
            target: target,
            addresses: addresses,
            loop: loop,
            beganNs: HostClock.monotonicNs(),
            owner: self,
            limits: limits,
            report: { [unowned self] in reports.append(Self.text($0)) },
            completion: { result in
                switch result {
                case .success(let channel):
                    outcome = .open(tls: channel.agreedTLS ?? "")
                    channel.detachOwner()
                case .failure(let error): outcome = .refused(error)
                }
            }
        )
        dial.begin()
        let endNs = HostClock.monotonicNs() + 20_000_000_000
        while outcome == nil, HostClock.monotonicNs() < endNs { loop.runOnce(maximumWaitNs: 10_000_000) }
        return outcome ?? .refused(TransportError(.system, "nothing came of it within 20 s"))
    }

    private static func text(_ event: DialReport.Event) -> String {
        switch event {
        case .resolved(let addresses): "addresses \(addresses.count)"
        case .trying(let address): "try \(address.host)"
        case .failed(let address, let error): "failed \(address.host) \(error.code.rawValue)"
        case .slower(let address): "slower \(address.host)"
        case .open(let address, _, _): "open \(address.host)"
        case .gaveUp(let error): "gave up \(error.code.rawValue)"
        }
    }

    func channelOpened(_ channel: ByteChannel) {}
    func channelReceived(_ channel: ByteChannel) {}
    func channelClosed(_ channel: ByteChannel, reason: TransportError) {}

    private final class Deaf: ByteChannelOwner {
        func channelOpened(_ channel: ByteChannel) {}
        func channelReceived(_ channel: ByteChannel) {}
        func channelClosed(_ channel: ByteChannel, reason: TransportError) {}
    }
}
