import CSockets
import Foundation
import WireTransport

/// The receiving end of any relay, for benchmarks: takes one connection and notes when each message's last octet came.
///
/// It knows nothing of the relay's protocol. A message is found by its update id as Binance writes it, `"u":N`, or with
/// its quotes escaped; the moment is the kernel's receive time of the read that brought what follows the number.
public final class TickerSink {
    /// The most messages that it notes: 160 MB.
    public static let limit = 10_000_000

    private let loop = EventLoop()
    private let listener: ListeningSocket
    private var connection: TickerSinkConnection?

    /// Listens on loopback.
    ///
    /// - Throws: `TransportError` when the port cannot be used.
    public init(host: String, port: Int) throws {
        listener = try ListeningSocket(host: host, port: port)
        listener.onAccept = { [unowned self] in accept($0) }
        loop.add(listener)
    }

    /// The port that it listens on.
    public var port: Int { listener.port }

    /// Waits for a connection and takes what comes until the other side closes it.
    ///
    /// - Throws: `LabError` `notReady` when none comes in time or it goes on for too long.
    public func run(patienceSeconds: Int) throws {
        let untilNs = HostClock.monotonicNs() + Int64(patienceSeconds) * 1_000_000_000
        while connection?.isOver != true {
            guard HostClock.monotonicNs() < untilNs else {
                let what = connection == nil ? "nobody connected to" : "the connection was not closed on"
                throw LabError(.notReady, "\(what) port \(port) within \(patienceSeconds) s")
            }
            loop.runOnce(maximumWaitNs: 100_000_000)
        }
    }

    /// The messages that came.
    public var count: Int { connection?.arrivals.count ?? 0 }

    /// Writes `u,arrival_wall_ns` of each message as CSV.
    ///
    /// - Throws: `LabError` `directory` when the file cannot be written.
    public func write(to file: String) throws {
        var text = "u,arrival_wall_ns\n"
        for arrival in connection?.arrivals ?? [] { text += "\(arrival.id),\(arrival.wallNs)\n" }
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw LabError(.directory, "cannot write the record \(file): \(error.localizedDescription)", cause: error)
        }
    }

    private func accept(_ socket: StreamSocket) {
        guard connection == nil else { return }
        let made = TickerSinkConnection(socket)
        connection = made
        loop.add(made)
    }
}

/// The one connection of a sink.
private final class TickerSinkConnection: LoopMember {
    private let socket: StreamSocket
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private var scanner = UpdateIDScanner()
    private var stamp = ReadStamp()
    private(set) var arrivals: [(id: Int64, wallNs: Int64)] = []
    private(set) var isOver = false

    init(_ socket: StreamSocket) {
        self.socket = socket
        arrivals.reserveCapacity(1 << 20)
    }

    deinit { buffer.deallocate() }

    var descriptor: Int32 { isOver ? -1 : socket.descriptor }
    var wantsToRead: Bool { !isOver }
    var wantsToWrite: Bool { false }

    func ready(toRead: Bool, toWrite: Bool) {
        stamp.kernelNs = ReadStamp.absent
        switch socket.read(into: buffer, stamp: &stamp) {
        case .wouldBlock: return
        case .closed, .failed: isOver = true
        case .read(let count):
            let wallNs = stamp.kernelNs == ReadStamp.absent ? stamp.wallNs : stamp.kernelNs
            scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { id in
                if arrivals.count < TickerSink.limit { arrivals.append((id, wallNs)) }
            }
        }
    }
}

/// Finds update ids in a stream of octets, wherever reads cut it.
struct UpdateIDScanner {
    private enum Expected {
        case key
        case quote
        case colon
        case number
    }

    /// Longer numbers are no ids, and might not fit.
    private static let mostDigits = 18

    private var expected = Expected.key
    private var previous: UInt8 = 0
    private var id: Int64 = 0
    private var digits = 0

    /// Calls `found` with each number that follows `"u":` or `\"u\":` and is itself followed by something else.
    mutating func scan(_ octets: UnsafeRawBufferPointer, found: (Int64) -> Void) {
        for octet in octets {
            switch expected {
            case .key:
                if octet == UInt8(ascii: "u"), previous == UInt8(ascii: "\"") { expected = .quote }
            case .quote:
                if octet == UInt8(ascii: "\"") {
                    expected = .colon
                } else if octet != UInt8(ascii: "\\") {
                    expected = .key
                }
            case .colon:
                expected = octet == UInt8(ascii: ":") ? .number : .key
                (id, digits) = (0, 0)
            case .number:
                if octet >= UInt8(ascii: "0"), octet <= UInt8(ascii: "9") {
                    digits += 1
                    if digits <= Self.mostDigits { id = id * 10 + Int64(octet - UInt8(ascii: "0")) }
                } else {
                    if (1...Self.mostDigits).contains(digits) { found(id) }
                    expected = .key
                }
            }
            previous = octet
        }
    }
}
