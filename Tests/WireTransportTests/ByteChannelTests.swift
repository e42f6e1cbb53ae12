import CSockets
import TestSupport
import Testing
import WireTransport

/// Collects what a channel says; echoes what it receives when told to.
private final class Listener: ByteChannelOwner {
    var received: [UInt8] = []
    var isOpen = false
    var closeReason: TransportError?
    var echoes = false
    var stamps: [ReadStamp] = []

    func channelOpened(_ channel: ByteChannel) { isOpen = true }

    func channelReceived(_ channel: ByteChannel) {
        stamps.append(channel.stamp)
        let bytes = Array(channel.input.unread)
        channel.input.consume(bytes.count)
        received += bytes
        if echoes { channel.write(bytes) }
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) { closeReason = reason }
}

struct ByteChannelTests {
    /// A server on a free port and a client dialled to it, on one loop.
    private final class World {
        let loop = EventLoop()
        let client = Listener()
        let server = Listener()
        var channel: ByteChannel?
        var failure: TransportError?
        private var accepted: [ByteChannel] = []
        private let dialer: Dialer
        private let listening: ListeningSocket

        init(serverTLS: TLSContext? = nil, host: String = "127.0.0.1") throws {
            dialer = Dialer(loop: loop, resolver: try Resolver(loop: loop))
            listening = try ListeningSocket(host: host, port: 0)
            server.echoes = true
            listening.onAccept = { [unowned self] socket in
                let session = serverTLS.flatMap { try? TLSSession(server: $0) }
                accepted.append(
                    ByteChannel(socket: socket, isConnected: true, tls: session, loop: loop, owner: server)
                )
            }
            loop.add(listening)
        }

        func dial(_ host: String = "127.0.0.1", tls: TLSContext? = nil, serverName: String? = nil) {
            let target = Dialer.Target(host: host, port: listening.port, tls: tls, serverName: serverName)
            dialer.dial(target, owner: client) { [self] result in
                switch result {
                case .success(let channel): self.channel = channel
                case .failure(let error): failure = error
                }
            }
        }

        /// Runs the loop until something holds; an issue when it does not within twenty seconds.
        func run(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
            let endNs = HostClock.monotonicNs() + 20_000_000_000
            while !condition() {
                guard HostClock.monotonicNs() < endNs else {
                    Issue.record("waited 20 s in vain", sourceLocation: location)
                    return
                }
                loop.runOnce(maximumWaitNs: 10_000_000)
            }
        }
    }

    private static func payload(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    @Test("A plain connection carries three megabytes to and fro unharmed", .timeLimit(.minutes(1)))
    func plain() throws {
        let world = try World()
        world.dial()
        world.run { world.channel != nil }
        let sent = Self.payload(3_000_000)
        world.channel?.write(sent)
        world.run { world.client.received.count >= sent.count }
        #expect(world.client.received == sent)
    }

    #if os(Linux)
        @Test("A congestion control that the host does not know leaves one that it does", .timeLimit(.minutes(1)))
        func congestionControl() throws {
            let listener = try ListeningSocket(host: "127.0.0.1", port: 0)
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: listener.port).first)
            let refused = try StreamSocket.connect(to: address, congestionControl: "no-such")
            #expect(refused.congestionControl == "reno")
            let own = try StreamSocket.connect(to: address)
            #expect(own.congestionControl != nil && own.congestionControl != "no-such")
        }

        @Test("Every read has the kernel's time, which is never later than the process's", .timeLimit(.minutes(1)))
        func kernelTimes() throws {
            let world = try World()
            world.dial()
            world.run { world.channel != nil }
            for round in 1...50 {
                let beforeNs = HostClock.wallNs()
                world.channel?.write([UInt8(round)])
                world.run { world.client.received.count == round }
                let stamp = try #require(world.client.stamps.last)
                #expect(stamp.kernelNs != ReadStamp.absent)
                #expect(stamp.kernelNs >= beforeNs && stamp.kernelNs <= stamp.wallNs)
            }
        }
    #endif

    @Test("TLS with a certificate of the right name carries a megabyte to and fro", .timeLimit(.minutes(1)))
    func tls() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let world = try World(serverTLS: certificates.serverContext(for: "exchange.lab"))
            world.dial(tls: try .client(caFile: certificates.caFile), serverName: "exchange.lab")
            world.run { world.channel != nil || world.failure != nil }
            #expect(world.failure == nil)
            let sent = Self.payload(1_000_000)
            world.channel?.write(sent)
            world.run { world.client.received.count >= sent.count || world.client.closeReason != nil }
            #expect(world.client.received == sent)
            #expect(world.channel?.agreedTLS?.hasPrefix("TLSv1.3") == true)
        }
    }

    @Test("A certificate for another name, or of another authority, is refused and named", .timeLimit(.minutes(1)))
    func untrusted() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let others = try TestCertificates(folder: folder + "/others")
            for (name, caFile, reason) in [
                ("elsewhere.lab", certificates.caFile, "hostname mismatch"),
                ("exchange.lab", others.caFile, "unable to get local issuer certificate"),
            ] {
                let world = try World(serverTLS: certificates.serverContext(for: "exchange.lab"))
                world.dial(tls: try .client(caFile: caFile), serverName: name)
                world.run { world.channel != nil || world.failure != nil }
                #expect(world.failure?.code == .untrusted)
                #expect(world.failure?.message.contains(reason) == true, "\(world.failure?.message ?? "none")")
                #expect(world.failure?.message.contains(name) == true)
            }
        }
    }

    @Test("A refused connection and an unknown name are different errors", .timeLimit(.minutes(1)))
    func failures() throws {
        let world = try World()
        let free = try ListeningSocket(host: "127.0.0.1", port: 0).port
        let dialer = Dialer(loop: world.loop, resolver: try Resolver(loop: world.loop))
        var errors: [TransportError] = []
        for (host, port) in [("127.0.0.1", free), ("no-such-name.invalid", 443)] {
            dialer.dial(Dialer.Target(host: host, port: port), owner: world.client) { result in
                if case .failure(let error) = result { errors.append(error) }
            }
        }
        world.run { errors.count == 2 }
        #expect(Set(errors.map(\.code)) == [.unreachable, .unresolved])
    }

    @Test("The first of several addresses that answers is taken", .timeLimit(.minutes(1)))
    func nextAddress() throws {
        // localhost gives ::1 first where there is IPv6; the server listens on 127.0.0.1 only.
        let world = try World()
        world.dial("localhost")
        world.run { world.channel != nil || world.failure != nil }
        #expect(world.channel?.endpoint.hasPrefix("127.0.0.1:") == true)
    }

    @Test("The end of the other side is heard once, with its address", .timeLimit(.minutes(1)))
    func closed() throws {
        let world = try World()
        world.server.echoes = false
        world.dial()
        world.run { world.channel != nil && world.server.isOpen }
        world.channel?.write([1])
        world.run { !world.server.received.isEmpty }
        world.channel?.closeWhenFlushed()
        world.run { world.server.closeReason != nil }
        #expect(world.server.closeReason?.code == .closed)
        #expect(world.client.closeReason != nil)
    }

    #if os(Linux)
        @Test("What came before the connection broke is delivered, though writing fails first", .timeLimit(.minutes(1)))
        func lastWords() throws {
            let (serverLoop, loop) = (EventLoop(), EventLoop())
            let listening = try ListeningSocket(host: "127.0.0.1", port: 0)
            var accepted: [StreamSocket] = []
            listening.onAccept = { accepted.append($0) }
            serverLoop.add(listening)
            let client = Listener()
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: listening.port).first)
            let socket = try StreamSocket.connect(to: address)
            let channel = ByteChannel(socket: socket, isConnected: false, tls: nil, loop: loop, owner: client)
            let end = ContinuousClock.now + .seconds(20)
            while accepted.isEmpty || !client.isOpen, ContinuousClock.now < end {
                serverLoop.runOnce(maximumWaitNs: 1_000_000)
                loop.runOnce(maximumWaitNs: 1_000_000)
            }
            try #require(accepted.count == 1 && client.isOpen)
            // Closed with octets unread, it resets the connection.
            channel.write([1])
            let word = Array("because".utf8)
            #expect(word.withUnsafeBytes { accepted[0].write($0) } == word.count)
            accepted = []
            for _ in 0..<3 { channel.write([2]) }
            #expect(client.closeReason == nil, "the owner is not called from inside its own call")
            while client.closeReason == nil, ContinuousClock.now < end { loop.runOnce(maximumWaitNs: 1_000_000) }
            #expect(client.received == word)
            #expect(client.closeReason?.code == .broken, "\(client.closeReason?.message ?? "none")")
        }
    #endif

    @Test("Who has finished writing still reads", .timeLimit(.minutes(1)))
    func finishedWriting() throws {
        let world = try World()
        world.dial()
        world.run { world.channel != nil && world.server.isOpen }
        let sent = Self.payload(1_000)
        world.channel?.write(sent)
        world.channel?.finishWritingWhenFlushed()
        world.channel?.write([1])
        world.run { world.client.closeReason != nil }
        #expect(world.server.received == sent)
        #expect(world.server.closeReason?.code == .closed)
        #expect(world.client.received == sent)
    }
}
