import CSockets
import TestSupport
import Testing

@testable import WireTransport

/// Names with several addresses, on loopback.
@Suite(.timeLimit(.minutes(1)))
struct DialTests {
    private static func addresses(_ hosts: String..., port: Int = 443) throws -> [SocketAddress] {
        try hosts.flatMap { try SocketAddress.resolve(host: $0, port: port) }
    }

    @Test("Families take turns, and lanes spread over the addresses of each by themselves")
    func order() throws {
        let all = try Self.addresses("::1", "::2", "::1", "192.0.2.1", "192.0.2.2", "192.0.2.3")
        func order(_ number: Int) -> [String] { SocketAddress.inDialOrder(all, preferring: number).map(\.host) }
        #expect(order(0) == ["::1", "192.0.2.1", "::2", "192.0.2.2", "192.0.2.3"])
        #expect(order(1) == ["::2", "192.0.2.2", "::1", "192.0.2.3", "192.0.2.1"])
        #expect(order(2) == ["::1", "192.0.2.3", "::2", "192.0.2.1", "192.0.2.2"])
        let many = try (1...40).flatMap { try Self.addresses("192.0.2.\($0)") }
        #expect(SocketAddress.inDialOrder(many, preferring: 0).count == 16)
        #expect(SocketAddress.inDialOrder([], preferring: 3).isEmpty)
    }

    @Test("IPv6 first and refused: IPv4 is tried at once and taken")
    func refused() throws {
        let world = HandshakeWorld()
        let good = try world.serve(nil)
        let free = try ListeningSocket(host: "127.0.0.2", port: 0).port
        let bad = try Self.addresses("127.0.0.2", port: free)
        guard case .open = world.dial(bad + [good], tls: nil, name: "exchange.lab") else {
            Issue.record("it was refused")
            return
        }
        #expect(world.reports == ["try 127.0.0.2", "failed 127.0.0.2 unreachable", "try 127.0.0.1", "open 127.0.0.1"])
    }

    #if os(Linux)
        @Test("IPv6 first and unreachable, so that not even an attempt can be made: IPv4 is tried at once and taken")
        func unreachable() throws {
            let world = HandshakeWorld()
            let good = try world.serve(nil)
            // The kernel refuses TCP to a group: nothing is sent.
            let bad = try Self.addresses("ff0e::1", "ff0e::2")
            let order = SocketAddress.inDialOrder(bad + [good], preferring: 0)
            guard case .open = world.dial(order, tls: nil, name: "exchange.lab") else {
                Issue.record("it was refused")
                return
            }
            #expect(world.reports == ["try ff0e::1", "failed ff0e::1 unreachable", "try 127.0.0.1", "open 127.0.0.1"])
            guard case .refused(let error) = world.dial(bad, tls: nil, name: "exchange.lab") else {
                Issue.record("it was accepted")
                return
            }
            #expect(
                error.message == "cannot connect to [ff0e::1]:443: Network is unreachable; "
                    + "cannot connect to [ff0e::2]:443: Network is unreachable"
            )
        }

        @Test("An address that says nothing does not hold up the next one, and is closed when that is quicker")
        func silent() throws {
            let world = HandshakeWorld()
            let good = try world.serve(nil)
            let silent = try SilentPort()
            guard case .open = world.dial([silent.address, good], tls: nil, name: "exchange.lab") else {
                Issue.record("it was refused")
                return
            }
            #expect(world.reports == ["try 127.0.0.3", "try 127.0.0.1", "slower 127.0.0.3", "open 127.0.0.1"])
        }
    #endif

    @Test("One server with a wrong certificate: the next one is taken, and the first one's fault reported")
    func oneUntrusted() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let world = HandshakeWorld()
            let bad = try world.serve(certificates.serverContext(for: "elsewhere.lab"), on: "127.0.0.2")
            let good = try world.serve(certificates.serverContext(for: "exchange.lab"))
            let tls = try TLSContext.client(caFile: certificates.caFile)
            guard case .open(let agreed) = world.dial([bad, good], tls: tls, name: "exchange.lab") else {
                Issue.record("it was refused")
                return
            }
            #expect(agreed.hasPrefix("TLSv1.3"))
            #expect(
                world.reports == ["try 127.0.0.2", "failed 127.0.0.2 untrusted", "try 127.0.0.1", "open 127.0.0.1"]
            )
        }
    }

    @Test("A server that accepts TCP and never says anything of TLS has a limit, after which the next one is tried")
    func silentTLS() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let world = HandshakeWorld()
            let silent = try world.serve(nil, on: "127.0.0.2")
            let good = try world.serve(certificates.serverContext(for: "exchange.lab"))
            let tls = try TLSContext.client(caFile: certificates.caFile)
            let limits = DialRace.Limits(attemptNs: 500_000_000)
            guard case .open = world.dial([silent, good], tls: tls, name: "exchange.lab", limits: limits) else {
                Issue.record("it was refused")
                return
            }
            #expect(world.reports.suffix(3) == ["failed 127.0.0.2 unreachable", "try 127.0.0.1", "open 127.0.0.1"])
            guard case .refused(let error) = world.dial([silent], tls: tls, name: "exchange.lab", limits: limits) else {
                Issue.record("it was accepted")
                return
            }
            #expect(error.message == "\(silent): TCP is up, but TLS is not agreed on within 500 ms")
        }
    }

    @Test("When all fail, each address has its reason, and the one that came furthest gives the code")
    func allFail() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let world = HandshakeWorld()
            let free = try ListeningSocket(host: "127.0.0.2", port: 0).port
            let refusing = try Self.addresses("127.0.0.2", port: free)
            let untrusted = try world.serve(certificates.serverContext(for: "elsewhere.lab"))
            let tls = try TLSContext.client(caFile: certificates.caFile)
            guard case .refused(let error) = world.dial(refusing + [untrusted], tls: tls, name: "exchange.lab") else {
                Issue.record("it was accepted")
                return
            }
            #expect(error.code == .untrusted)
            #expect(error.message.contains("cannot connect to 127.0.0.2:\(free): Connection refused; 127.0.0.1:"))
            #expect(error.message.contains("it is for elsewhere.lab, not for exchange.lab"))
            #expect(world.reports.last == "gave up untrusted")
        }
    }
}

#if os(Linux)
    /// A port that answers no attempt to connect: its queue of connections that nobody accepts is full.
    private final class SilentPort {
        let address: SocketAddress
        private let descriptor: Int32
        private var fillers: [StreamSocket] = []

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let any = try #require(try SocketAddress.resolve(host: "127.0.0.3", port: 0).first)
            let socket = descriptor
            try #require(any.withSockaddr { bind(socket, $0, $1) } == 0)
            try #require(listen(descriptor, 0) == 0)
            address = try #require(SocketAddress.of(descriptor, remote: false))
            // A queue of length 0 holds one.
            let filler = try StreamSocket.connect(to: address)
            fillers.append(filler)
            var item = pollfd(fd: filler.descriptor, events: Int16(POLLOUT), revents: 0)
            try #require(latexp_poll(&item, 1, 5_000_000_000) == 1)
        }

        deinit { close(descriptor) }
    }
#endif
