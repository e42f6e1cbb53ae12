import CSockets
import ExperimentModel
import Foundation
import LabWorld
import Synchronization
import Testing
import WireTransport

/// Remembers what a link says of itself.
final class LinkRecord: LinkObserver {
    struct State {
        var deliveries: [LinkDelivery] = []
        var connected = 0
        var closed = 0
    }

    let state = Mutex(State())

    var deliveries: [LinkDelivery] { state.withLock { $0.deliveries } }
    var closed: Int { state.withLock { $0.closed } }

    func linkConnected(_ connection: LinkConnectionID, localPort: Int) {
        state.withLock { $0.connected += 1 }
    }

    func linkDelivered(
        _ connection: LinkConnectionID,
        _ delivery: LinkDelivery,
        _ bytes: UnsafeRawBufferPointer
    ) {
        state.withLock { $0.deliveries.append(delivery) }
    }

    func linkClosed(_ connection: LinkConnectionID) {
        state.withLock { $0.closed += 1 }
    }
}

/// A link with both of its ends in the test's hands; the backbone's direction, from the dialling side, is recorded.
final class LinkFixture {
    let record = LinkRecord()
    let link: Link
    let near: StreamSocket
    let far: StreamSocket
    private let listener: ListeningSocket

    init(delay: TimeSpan, jitter: TimeSpan = TimeSpan(ns: 0), seed: UInt64 = 1) throws {
        listener = try ListeningSocket(host: "127.0.0.1", port: 0)
        link = try Link(
            .backbone,
            LabSpecification.Link(delay: delay, jitter: jitter),
            seed: seed,
            targetPort: listener.port,
            observer: record
        )
        let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: link.port).first)
        near = try StreamSocket.connect(to: address)
        let accepted = Accepted()
        listener.onAccept = { accepted.socket = $0 }
        let loop = EventLoop()
        loop.add(listener)
        let deadlineNs = HostClock.monotonicNs() + 10_000_000_000
        while accepted.socket == nil, HostClock.monotonicNs() < deadlineNs {
            loop.runOnce(maximumWaitNs: 100_000_000)
        }
        far = try #require(accepted.socket, "the link did not connect to its target within 10 s")
    }

    deinit { link.stop() }

    private final class Accepted {
        var socket: StreamSocket?
    }

    /// Whether the socket can be read or written within the time.
    static func wait(_ socket: StreamSocket, toWrite: Bool = false, atMostNs: Int64) -> Bool {
        var item = pollfd(fd: socket.descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return latexp_poll(&item, 1, max(0, atMostNs)) > 0
    }

    /// Sends everything, waiting for room.
    static func send(_ bytes: [UInt8], to socket: StreamSocket) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { socket.write($0) }
            try #require(count >= 0)
            rest = rest.dropFirst(count)
            if count == 0 { try #require(wait(socket, toWrite: true, atMostNs: 10_000_000_000)) }
        }
    }

    /// Reads until the other side is done.
    static func receiveAll(from socket: StreamSocket) throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var received: [UInt8] = []
        var stamp = ReadStamp()
        while true {
            try #require(wait(socket, atMostNs: 10_000_000_000))
            switch socket.read(into: buffer, stamp: &stamp) {
            case .read(let count): received.append(contentsOf: buffer[..<count])
            case .wouldBlock: continue
            case .closed: return received
            case .failed(let code): throw LabError(.system, systemMessage(code))
            }
        }
    }
}
