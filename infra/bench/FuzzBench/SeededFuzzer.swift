import Foundation

/// Changes sound inputs at random, in a way that the seed determines.
enum SeededFuzzer {
    /// Runs a target and says how it went.
    static func run(_ target: FuzzTarget, seed: UInt64, runs: UInt64) {
        var generator = FuzzGenerator(seed: seed)
        let corpus = target.corpus
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        var sound: UInt64 = 0
        let began = Date()
        for round in 0..<runs {
            FuzzRound.number = round
            var input = corpus[Int(generator.next() % UInt64(corpus.count))]
            let partner = corpus[Int(generator.next() % UInt64(corpus.count))]
            mutate(&input, partner, &generator)
            let count = min(input.count, scratch.count)
            scratch.copyBytes(from: input.prefix(count))
            if target.take(UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])) { sound += 1 }
        }
        let seconds = Date().timeIntervalSince(began)
        let perSecond = Int(Double(runs) / max(seconds, 1e-3))
        print(
            "\(target.rawValue): seed \(seed), \(runs) inputs, \(sound) of them sound, \(perSecond) a second, largest "
                + "\(Memory.mostMegabytes) MB"
        )
        // Both must be common, or the changes test nothing.
        guard sound > runs / 100, sound < runs / 100 * 99 else { fatalError("BROKEN: the inputs are all alike") }
        guard Memory.mostMegabytes < 200 else { fatalError("BROKEN: memory grew") }
    }

    private static let telling =
        Array(#"{}[],:"\0123456789-.eEuUsTtbBaA"#.utf8) + [0x00, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff, 13, 10]

    private static func mutate(_ input: inout [UInt8], _ partner: [UInt8], _ generator: inout FuzzGenerator) {
        for _ in 0..<(generator.next() % 5) where !input.isEmpty {
            let at = Int(generator.next() % UInt64(input.count))
            switch generator.next() % 9 {
            case 0: input[at] ^= 1 << UInt8(generator.next() % 8)
            case 1: input[at] = UInt8(truncatingIfNeeded: generator.next())
            case 2: input.remove(at: at)
            case 3: input.insert(telling[Int(generator.next() % UInt64(telling.count))], at: at)
            case 4: input.removeLast(input.count - at)
            case 5: input[at] = telling[Int(generator.next() % UInt64(telling.count))]
            case 6: input.insert(contentsOf: input[at...].prefix(Int(generator.next() % 40)), at: at)
            case 7: input.replaceSubrange(at..., with: partner.suffix(max(0, partner.count - at)))
            default:
                for place in at..<min(at + 4, input.count) {
                    input[place] = UInt8(truncatingIfNeeded: generator.next())
                }
            }
        }
    }
}

/// SplitMix64.
struct FuzzGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Which of the generator's inputs is being looked at, from 0; for whoever has to say so when the process breaks.
enum FuzzRound {
    nonisolated(unsafe) static var number: UInt64 = 0
}

/// What this process has taken of the machine's memory.
enum Memory {
    /// The most so far; 0 where there is no /proc.
    static var mostMegabytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1_024
    }
}
