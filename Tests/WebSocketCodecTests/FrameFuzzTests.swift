import TestSupport
import Testing
import WebSocketCodec

struct FrameFuzzTests {
    /// A million mutated inputs: the decoder must end each with frames or a coded error, and keep no more than its
    /// limit.
    @Test(.timeLimit(.minutes(5)))
    func mutatedInputNeverCrashesNorGoesOverTheLimit() throws {
        let seed: UInt64 = 0x5EED_0001
        print("frame fuzz seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let corpora = [Self.corpus(from: .server), Self.corpus(from: .client)]
        var failures = 0
        var frames = 0
        for round in 0..<1_000_000 {
            let role: Role = round & 1 == 0 ? .client : .server
            var input = corpora[round & 1][Int(random.next() % UInt64(corpora[0].count))]
            Self.mutate(&input, using: &random)
            let limit = 64
            var decoder = FrameDecoder(role: role, maximumMessageBytes: limit, validatesUTF8: round & 2 == 0)
            let isSound = input.withUnsafeMutableBytes { buffer in
                Self.drain(&decoder, buffer, limit: limit, frames: &frames, failures: &failures)
            }
            guard isSound else {
                Issue.record("seed \(seed) round \(round): the decoder went out of bounds on \(input)")
                return
            }
        }
        // Both outcomes must be common, or the mutations test nothing.
        #expect(failures > 100_000)
        #expect(frames > 500_000)
    }

    /// Feeds the bytes in two halves; `false` when a frame lies outside of what was given.
    private static func drain(
        _ decoder: inout FrameDecoder,
        _ buffer: UnsafeMutableRawBufferPointer,
        limit: Int,
        frames: inout Int,
        failures: inout Int
    ) -> Bool {
        var start = 0
        do throws(WebSocketError) {
            for end in [buffer.count / 2, buffer.count] {
                while let frame = try decoder.next(.init(rebasing: buffer[start..<end])) {
                    start += frame.consumedBytes
                    frames += 1
                    guard frame.consumedBytes >= 2, start <= end, frame.payload.count <= max(limit, 125) else {
                        return false
                    }
                }
                guard decoder.bytesNeeded <= max(limit, 125) + FrameDecoder.maximumHeaderBytes else { return false }
            }
        } catch {
            failures += 1
        }
        return true
    }

    private static func corpus(from role: Role) -> [[UInt8]] {
        var encoder = FrameEncoder(role: role, maskKeys: SeededGenerator(seed: 3))
        let long = [UInt8](repeating: 0x62, count: 63)
        return (0..<16).map { index in
            var bytes: [UInt8] = []
            encoder.append(index & 1 == 0 ? .text : .binary, Array("abc€".utf8), to: &bytes)
            encoder.append(.text, long.prefix(index).map { $0 }, isFinal: false, to: &bytes)
            encoder.append(index & 2 == 0 ? .ping : .pong, Array(long.prefix(index * 2)), to: &bytes)
            encoder.append(.continuation, Array(long.prefix(40)), isFinal: index & 4 == 0, to: &bytes)
            encoder.append(index & 4 == 0 ? .continuation : .binary, [1], to: &bytes)
            encoder.appendClose(index & 8 == 0 ? 1000 : nil, reason: "bye", to: &bytes)
            return bytes
        }
    }

    private static func mutate(_ input: inout [UInt8], using random: inout SeededGenerator) {
        for _ in 0..<(random.next() % 4) where !input.isEmpty {
            let at = Int(random.next() % UInt64(input.count))
            switch random.next() % 6 {
            case 0: input[at] ^= 1 << UInt8(random.next() % 8)
            case 1: input[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: input.remove(at: at)
            case 3: input.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
            case 4: input.removeLast(input.count - at)
            default: input[at] = [0x00, 0x7E, 0x7F, 0x80, 0xFE, 0xFF][Int(random.next() % 6)]
            }
        }
    }
}
