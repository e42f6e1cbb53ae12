import TestSupport
import WireTransport

@testable import AgentCore

/// What a way may do to datagrams, as shares of one.
struct DatagramFaults {
    var loss = 0.0
    var duplication = 0.0
    var reordering = 0.0
    var corruption = 0.0
}

/// A way for datagrams between a forwarder and a receiver that loses, doubles, turns round and garbles them, by a seed,
/// and knows exactly what became of every event.
final class DatagramProxy {
    /// What the way does at the moment; nothing passes while it is cut.
    var faults = DatagramFaults()
    var isCut = false
    /// The events that reached the receiver whole, in their order, again and again when doubled.
    private(set) var delivered: [UInt64] = []
    /// Garbled datagrams that reached the receiver.
    private(set) var corrupted = 0
    /// The forwarder's datagrams as they came, the newest last; a few hundred at most.
    private(set) var recorded: [[UInt8]] = []

    /// Where a forwarder sends to.
    var port: Int { front.port }

    private struct Held {
        var bytes: [UInt8]
        var isWhole: Bool
        var after: Int
    }

    private let front: DatagramSocket
    private let back: DatagramSocket
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var forwarder: SocketAddress?
    private var held: [Held] = []
    private var quietPumps = 0
    private var generator: SeededGenerator

    init(receiverPort: Int, seed: UInt64) throws {
        front = try DatagramSocket.listen(host: "127.0.0.1", port: 0, receiveBufferOctets: 8 << 20)
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: receiverPort)[0]
        back = try DatagramSocket.connect(to: address, receiveBufferOctets: 8 << 20)
        generator = SeededGenerator(seed: seed)
    }

    deinit { input.deallocate() }

    /// Takes what has come on either side and hands on what is due.
    func pump() {
        var stamp = ReadStamp()
        var isQuiet = true
        reading: while true {
            switch front.receive(into: input, stamp: &stamp) {
            case .read(let count):
                isQuiet = false
                forwarder = front.sender
                take(Array(input[..<count]))
            case .failed: continue
            case .wouldBlock: break reading
            }
        }
        answers: while true {
            switch back.receive(into: input, stamp: &stamp) {
            case .read(let count):
                if !isCut, !chance(faults.loss) { answer(Array(input[..<count])) }
            case .failed: continue
            case .wouldBlock: break answers
            }
        }
        // What waits to be overtaken must not wait for ever.
        quietPumps = isQuiet ? quietPumps + 1 : 0
        if quietPumps > 20 { release(all: true) }
    }

    private func take(_ bytes: [UInt8]) {
        if recorded.count < 400 { recorded.append(bytes) }
        guard !isCut, !chance(faults.loss) else { return }
        var sent = bytes
        let isGarbled = chance(faults.corruption)
        if isGarbled {
            let place = Int.random(in: 0..<sent.count, using: &generator)
            sent[place] ^= UInt8.random(in: 1 ... .max, using: &generator)
        }
        let copies = chance(faults.duplication) ? 2 : 1
        for _ in 0..<copies {
            if chance(faults.reordering) {
                held.append(Held(bytes: sent, isWhole: !isGarbled, after: Int.random(in: 1...5, using: &generator)))
            } else {
                pass(sent, isWhole: !isGarbled)
            }
        }
        for index in held.indices { held[index].after -= 1 }
        release(all: false)
    }

    private func release(all: Bool) {
        let due = held.filter { all || $0.after < 0 }
        held.removeAll { all || $0.after < 0 }
        for item in due { pass(item.bytes, isWhole: item.isWhole) }
    }

    private func pass(_ bytes: [UInt8], isWhole: Bool) {
        let count = bytes.withUnsafeBytes {
            back.send(UnsafeRawBufferPointer(rebasing: $0[..<8]), .init(rebasing: $0[8...]))
        }
        guard count > 0 else { return }
        if !isWhole { corrupted += 1 }
        if isWhole, let sequence = Self.sequence(bytes) { delivered.append(sequence) }
    }

    private func answer(_ bytes: [UInt8]) {
        guard let forwarder else { return }
        _ = bytes.withUnsafeBytes { front.send($0, UnsafeRawBufferPointer(start: nil, count: 0), to: forwarder) }
    }

    /// Sends octets to the receiver as they are, as somebody who has listened would.
    func replay(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { back.send($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    /// The sequence id of an event's datagram.
    static func sequence(_ bytes: [UInt8]) -> UInt64? {
        let kind = RelayDatagram.headerSize + 4
        guard bytes.count > 48, bytes[kind] == RelayProtocol.Kind.event.rawValue else { return nil }
        return bytes[32..<40].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func chance(_ share: Double) -> Bool { share > 0 && Double.random(in: 0..<1, using: &generator) < share }
}
