import CSockets
import TestSupport
import Testing
import WireTransport

#if os(Linux)
    /// Notes each message with the receive time of the delivery that completed it.
    ///
    /// Messages: an octet of length, then as many.
    private final class Notes: ByteChannelOwner {
        var messages: [(number: UInt8, stamp: ReadStamp)] = []
        var pauses = 0
        var isOpen = false

        static let framing = MessageFraming { $0.isEmpty ? 1 : 1 + Int($0[0]) }

        func channelOpened(_ channel: ByteChannel) {
            isOpen = true
            channel.framing = Self.framing
        }

        func channelReceived(_ channel: ByteChannel) {
            while let length = channel.input.unread.first.map(Int.init), channel.input.count > length {
                messages.append((channel.input.unread[1], channel.stamp))
                channel.input.consume(1 + length)
            }
        }

        func channelPaused(_ channel: ByteChannel) { pauses += 1 }
        func channelClosed(_ channel: ByteChannel, reason: TransportError) { isOpen = false }
    }

    /// A process that reads late has each message's own receive time all the same.
    struct ArrivalTimeTests {
        /// Two, since the kernel may merge a third with the second as soon as that is acknowledged, whatever a process
        /// does.
        private static let lengths: [UInt8] = [30, 5]
        private static let rounds = 5

        private final class World {
            let loop = EventLoop()
            let reader = Notes()
            let writer = Notes()
            private(set) var channel: ByteChannel?
            private(set) var accepted: ByteChannel?
            private let listening: ListeningSocket
            private let dialer: Dialer

            init(certificates: TestCertificates?) throws {
                dialer = Dialer(loop: loop, resolver: try Resolver(loop: loop))
                listening = try ListeningSocket(host: "127.0.0.1", port: 0)
                let serverContext = try certificates?.serverContext(for: "exchange.lab")
                let clientContext = try certificates.map { try TLSContext.client(caFile: $0.caFile) }
                listening.onAccept = { [unowned self] socket in
                    let session = serverContext.flatMap { try? TLSSession(server: $0) }
                    accepted = ByteChannel(socket: socket, isConnected: true, tls: session, loop: loop, owner: writer)
                }
                loop.add(listening)
                let target = Dialer.Target(
                    host: "127.0.0.1",
                    port: listening.port,
                    tls: clientContext,
                    serverName: certificates == nil ? nil : "exchange.lab"
                )
                dialer.dial(target, owner: reader) { [unowned self] in channel = try? $0.get() }
                run { reader.isOpen && writer.isOpen && channel != nil }
                // What TLS says after its handshake is out of the way, segments are known to be long, and messages to
                // be short sometimes.
                let long = [UInt8](repeating: 250, count: 251)
                accepted?.write([[UInt8]](repeating: long, count: 120).flatMap { $0 })
                run { reader.messages.count == 120 }
                accepted?.write([5, 0, 0, 0, 0, 0])
                run { reader.messages.count == 121 }
                reader.messages = []
            }

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

            /// Sends a message of each length while nobody reads; the moments before the sends, and the last after all.
            func sendAll() -> [Int64] {
                guard let socket = channel?.socket else { return [] }
                // What is owed is acknowledged now, so that nothing is during the sends.
                var on: Int32 = 1
                setsockopt(
                    socket.descriptor,
                    Int32(IPPROTO_TCP),
                    TCP_QUICKACK,
                    &on,
                    socklen_t(MemoryLayout<Int32>.size)
                )
                socket.delayAcknowledgements()
                var moments: [Int64] = []
                for (index, length) in ArrivalTimeTests.lengths.enumerated() {
                    moments.append(HostClock.wallNs())
                    accepted?.write([length] + [UInt8](repeating: UInt8(index), count: Int(length)))
                    let nextNs = HostClock.monotonicNs() + 1_000_000
                    while HostClock.monotonicNs() < nextNs {}
                }
                return moments + [HostClock.wallNs()]
            }
        }

        private func check(_ world: World, _ moments: [Int64]) {
            let reader = world.reader
            #expect(reader.messages.map(\.number) == Self.lengths.indices.map { UInt8($0) })
            for (index, message) in reader.messages.enumerated() where moments.indices.contains(index + 1) {
                #expect(message.stamp.kernelNs != ReadStamp.absent)
                #expect(
                    message.stamp.kernelNs >= moments[index] && message.stamp.kernelNs < moments[index + 1],
                    "message \(index): \(message.stamp.kernelNs - moments[index]) ns after its sending began"
                )
                // The process's own clock tells nothing of it: it read after all had come.
                #expect(message.stamp.wallNs >= moments[moments.count - 1])
            }
        }

        private func measure(_ world: World) {
            for _ in 0..<Self.rounds {
                world.reader.messages = []
                let moments = world.sendAll()
                let pauses = world.reader.pauses
                world.loop.runOnce(maximumWaitNs: 0)
                check(world, moments)
                #expect(world.reader.pauses == pauses + 1, "one batch, however many reads")
            }
        }

        @Test("A late reader has every message's own receive time, plain", .timeLimit(.minutes(1)))
        func plain() throws {
            measure(try World(certificates: nil))
        }

        @Test("A late reader has every message's own receive time, TLS", .timeLimit(.minutes(1)))
        func tls() throws {
            try withTemporaryFolder { folder in
                measure(try World(certificates: try TestCertificates(folder: folder)))
            }
        }

        @Test("What is left of the kernel's queue is said by each read", .timeLimit(.minutes(1)))
        func left() throws {
            let listener = try ListeningSocket(host: "127.0.0.1", port: 0)
            var accepted: StreamSocket?
            listener.onAccept = { accepted = $0 }
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: listener.port).first)
            let client = try StreamSocket.connect(to: address)
            wait(for: listener.descriptor)
            listener.ready(toRead: true, toWrite: false)
            let server = try #require(accepted)
            #expect(Array(0..<100).map { UInt8($0) }.withUnsafeBytes { server.write($0) } == 100)
            wait(for: client.descriptor)
            var stamp = ReadStamp()
            var room = [UInt8](repeating: 0, count: 64)
            for (count, left) in [(1, 99), (60, 39), (39, 0)] as [(Int, Int32)] {
                let outcome = room.withUnsafeMutableBytes {
                    client.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]), stamp: &stamp)
                }
                guard case .read(count) = outcome else {
                    Issue.record("read \(outcome), not \(count)")
                    return
                }
                #expect(stamp.leftOctets == left)
            }
        }

        private func wait(for descriptor: Int32) {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            #expect(latexp_poll(&item, 1, 10_000_000_000) == 1)
        }
    }
#endif
