import TestSupport
import Testing
import WireTransport

@testable import AgentCore

struct RelayOutboxTests {
    private func append(_ sequence: UInt64, to outbox: RelayOutbox, size: Int = 20) {
        let message = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: size)
        message.withUnsafeBytes {
            outbox.append(sequence: sequence, stamp: ReadStamp(), eventTimeNs: 5, message: $0)
        }
    }

    /// The sequence ids in a stream of whole EVENT frames.
    private func sequences(in stream: [UInt8]) throws -> [UInt64] {
        var stream = stream
        return try stream.withUnsafeMutableBytes { bytes in
            var found: [UInt64] = []
            var offset = 0
            while let frame = try RawRelayFrame.next(in: UnsafeMutableRawBufferPointer(rebasing: bytes[offset...])) {
                #expect(frame.kind == .event)
                found.append(UInt64(bigEndian: frame.body.loadUnaligned(as: UInt64.self)))
                offset += frame.size
            }
            #expect(offset == bytes.count, "a torn frame was left in the stream")
            return found
        }
    }

    @Test(
        "Whatever part of the octets the kernel takes, whole frames come out in order",
        arguments: [1 as UInt64, 2, 3]
    )
    func partialWrites(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let outbox = RelayOutbox(eventLimit: 1_000)
        var stream: [UInt8] = []
        var handedOver = 0
        for sequence in 1...5_000 as ClosedRange<UInt64> {
            append(sequence, to: outbox, size: Int.random(in: 1...400, using: &generator))
            let (events, failure) = outbox.send { bytes in
                let count = Bool.random(using: &generator) ? Int.random(in: 0...bytes.count, using: &generator) : 0
                stream.append(contentsOf: bytes.prefix(count))
                return count
            }
            #expect(failure == nil)
            handedOver += events
        }
        handedOver +=
            outbox.send { bytes in
                stream.append(contentsOf: bytes)
                return bytes.count
            }.events
        #expect(outbox.isEmpty)
        let found = try sequences(in: stream)
        #expect(found == found.sorted())
        #expect(found.count == handedOver)
        #expect(handedOver + outbox.dropped == 5_000)
    }

    @Test("A full outbox drops the oldest, counts them and says which")
    func dropsOldest() throws {
        let outbox = RelayOutbox(eventLimit: 10)
        var dropped: [UInt64] = []
        outbox.onDrop = { dropped.append($0) }
        for sequence in 1...25 as ClosedRange<UInt64> { append(sequence, to: outbox) }
        #expect(outbox.count == 10)
        #expect(outbox.dropped == 15)
        #expect(dropped == Array(1...15))
        var stream: [UInt8] = []
        _ = outbox.send { bytes in
            stream.append(contentsOf: bytes)
            return bytes.count
        }
        #expect(try sequences(in: stream) == Array(16...25))
    }

    @Test("After a cut in the middle of a frame the next connection begins with a whole one")
    func cutInsideFrame() throws {
        let outbox = RelayOutbox(eventLimit: 10)
        for sequence in 1...3 as ClosedRange<UInt64> { append(sequence, to: outbox) }
        var isFirst = true
        let (events, _) = outbox.send { bytes in
            defer { isFirst = false }
            return isFirst ? RelayProtocol.eventPrefixSize + 20 + 5 : 0
        }
        #expect(events == 2, "the torn event counts as handed over: a part of it is on its way")
        outbox.connectionLost()
        var stream: [UInt8] = []
        _ = outbox.send { bytes in
            stream.append(contentsOf: bytes)
            return bytes.count
        }
        #expect(try sequences(in: stream) == [3])
    }

    @Test("An outbox that is full for long stays within its memory and its order")
    func fullForLong() throws {
        let outbox = RelayOutbox(eventLimit: 100)
        for sequence in 1...200_000 as ClosedRange<UInt64> { append(sequence, to: outbox, size: 180) }
        #expect(outbox.dropped == 199_900)
        var stream: [UInt8] = []
        _ = outbox.send { bytes in
            stream.append(contentsOf: bytes)
            return bytes.count
        }
        #expect(try sequences(in: stream) == Array(199_901...200_000))
    }

    @Test("A broken connection is reported with its error number and keeps the events")
    func broken() {
        let outbox = RelayOutbox(eventLimit: 10)
        append(1, to: outbox)
        let (events, failure) = outbox.send { _ in -Int(EPIPE) }
        #expect(events == 0)
        #expect(failure == EPIPE)
        #expect(outbox.count == 1)
    }
}
