import Foundation
import MarketFeed
import TestSupport
import Testing

/// The scanner against Foundation's parser: on hand-written messages always, on recorded ones where they are.
@Suite(.timeLimit(.minutes(5)))
struct ReferenceTests {
    /// An edge message that is well-formed JSON with all that its kind needs, and so valid here whatever its prices
    /// say.
    static let wellFormedOddities: Set = ["e48", "e49", "e50"]

    struct EdgeRow: Decodable {
        let id: String
        let kind: String
        let raw: String
    }

    @Test func everyMessageGivesWhatFoundationGives() throws {
        var messages = MessageCorpus.entries.map { Array($0.text.utf8) }
        if let folder = Captures.folder {
            for file in Captures.files {
                let captured = try Captures.messages(folder.appending(path: file))
                #expect(captured.count > 10_000, "\(file)")
                messages += captured
            }
        } else {
            print("no captures beside the repository: checked against Foundation on the hand-written corpus only")
        }
        var kinds: [MessageFacts.Kind: Int] = [:]
        // One value for all messages, as in use: nothing of one may be left in the next.
        var facts = MessageFacts()
        for message in messages {
            message.withUnsafeBytes { facts.scan($0) }
            kinds[facts.kind, default: 0] += 1
            try Self.compare(facts, message, note: "")
        }
        #expect(kinds[.invalid] == nil)
        #expect(kinds[.bookTicker, default: 0] > 0 && kinds[.trade, default: 0] > 0)
    }

    @Test func aMillionMutatedMessagesGiveWhatFoundationGives() async throws {
        let seed = ProcessInfo.processInfo.environment["LATEXP_SEED"].flatMap { UInt64($0) } ?? 0x5EED_0002
        print("message mutation seed \(seed)")
        let corpus = try Self.corpusForMutations()
        // In parts of their own seeds, so that all cores help and the outcome is the same with any number of them.
        let parts: UInt64 = 20
        let invalid = try await withThrowingTaskGroup(of: Int.self) { group in
            for part in 0..<parts {
                group.addTask { try Self.compareMutations(of: corpus, count: 50_000, seed: seed &+ part) }
            }
            return try await group.reduce(0, +)
        }
        // Both outcomes must be common, or the mutations test nothing.
        #expect(invalid > 200_000 && invalid < 900_000)
    }

    private static func corpusForMutations() throws -> [[UInt8]] {
        var corpus = MessageCorpus.entries.map { Array($0.text.utf8) }
        if let folder = Captures.folder {
            for file in Captures.files {
                corpus += try Captures.messages(folder.appending(path: file)).prefix(5_000)
            }
        }
        return corpus
    }

    /// Compares mutated messages; how many of them were invalid.
    private static func compareMutations(of corpus: [[UInt8]], count: Int, seed: UInt64) throws -> Int {
        var random = SeededGenerator(seed: seed)
        var invalid = 0
        var facts = MessageFacts()
        for round in 0..<count {
            var message = corpus[Int.random(in: 0..<corpus.count, using: &random)]
            // What is known of a message's shape must not be taken for one that looks nearly the same.
            if round % 4 == 0 { facts = Self.acquainted(with: message) }
            for _ in 0...Int.random(in: 0...2, using: &random) {
                Self.mutate(&message, using: &random)
            }
            message.withUnsafeBytes { facts.scan($0) }
            invalid += facts.kind == .invalid ? 1 : 0
            try Self.compare(facts, message, note: "seed \(seed) round \(round)")
        }
        return invalid
    }

    /// Facts that have seen a message before, and so know its shape.
    private static func acquainted(with message: [UInt8]) -> MessageFacts {
        var facts = MessageFacts()
        for _ in 0..<3 { message.withUnsafeBytes { facts.scan($0) } }
        return facts
    }

    @Test func everyEdgeMessageIsOfItsKind() throws {
        guard let folder = Captures.folder else {
            print("no captures beside the repository: edge.jsonl is not there to check")
            return
        }
        let lines = try Data(contentsOf: folder.appending(path: "edge.jsonl")).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count >= 50)
        for line in lines {
            let row = try JSONDecoder().decode(EdgeRow.self, from: line)
            let kind = row.raw.facts.kind
            switch row.kind {
            case "ack": #expect(kind == .acknowledgement, "\(row.id)")
            case "error": #expect(kind == .error, "\(row.id)")
            case "event": #expect(![.invalid, .acknowledgement, .error].contains(kind), "\(row.id)")
            case "malformed" where Self.wellFormedOddities.contains(row.id): #expect(kind == .bookTicker, "\(row.id)")
            default: #expect(kind == .invalid, "\(row.id)")
            }
        }
    }

    private static func compare(_ facts: MessageFacts, _ message: [UInt8], note: String) throws {
        let found = ReferenceFacts(scanned: facts, in: message)
        let expected = ReferenceFacts(parsing: message)
        guard found != expected, !ReferenceFacts.isKnownDifference(message) else { return }
        Issue.record(
            "\(note): \(String(decoding: message, as: UTF8.self))\nscanner: \(found)\nproblem: \(facts.problem)\nFoundation: \(expected)"
        )
        throw CancellationError()
    }

    private static func mutate(_ message: inout [UInt8], using random: inout SeededGenerator) {
        guard !message.isEmpty else { return }
        let at = Int.random(in: 0..<message.count, using: &random)
        let structural = Array(#"{}[],:"\0123456789-.eEuUsTtbBaA "#.utf8)
        switch random.next() % 12 {
        case 0: message[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: message[at] ^= 1 << UInt8(random.next() % 8)
        case 2: message.remove(at: at)
        case 3: message.insert(structural[Int(random.next() % UInt64(structural.count))], at: at)
        case 4: message.removeLast(Int.random(in: 0..<min(8, message.count), using: &random))
        case 5: swapMembers(&message, using: &random)
        case 6: message[at] = structural[Int(random.next() % UInt64(structural.count))]
        case 7: replaceNumber(&message, using: &random)
        case 8: escapeALetter(&message, at)
        case 9, 10: changeADigit(&message, using: &random)
        default: repeatMember(&message, using: &random)
        }
    }

    private static func memberStarts(_ message: [UInt8]) -> [Int] {
        message.indices.dropLast(4).filter { index in
            (message[index] == UInt8(ascii: ",") || message[index] == UInt8(ascii: "{"))
                && message[index + 1] == UInt8(ascii: "\"")
        }
    }

    /// Puts a member, or several, a second time somewhere else.
    private static func repeatMember(_ message: inout [UInt8], using random: inout SeededGenerator) {
        let starts = memberStarts(message)
        guard let first = starts.randomElement(using: &random), let target = starts.randomElement(using: &random) else {
            return
        }
        let rest = message[(first + 1)...]
        let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? message.endIndex
        message.insert(contentsOf: rest[..<end] + [UInt8(ascii: ",")], at: target + 1)
    }

    /// Renames a member to another letter.
    private static func swapMembers(_ message: inout [UInt8], using random: inout SeededGenerator) {
        guard let start = memberStarts(message).randomElement(using: &random) else { return }
        message[start + 2] = Array("eEuUsTtbBaAxp".utf8).randomElement(using: &random) ?? 0x78
    }

    /// Puts another number in place of one.
    private static func replaceNumber(_ message: inout [UInt8], using random: inout SeededGenerator) {
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        let starts = message.indices.dropFirst().filter { isDigit(message[$0]) && message[$0 - 1] == UInt8(ascii: ":") }
        guard let start = starts.randomElement(using: &random) else { return }
        let end = message[start...].firstIndex { !isDigit($0) } ?? message.endIndex
        let numbers = [
            "0", "00", "7", "1234567", "12345678", "123456789", "1780000000123", "1780000000123456",
            "12345678901234567",
            "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1.5", "2E2",
            "-3", "null", "true", "\"5\"", "[]", "{}", "9999999999999", "99999999999999999999999",
        ]
        message.replaceSubrange(start..<end, with: Array((numbers.randomElement(using: &random) ?? "0").utf8))
    }

    /// Puts another digit, or one of the bytes around the digits, in place of one; a leading zero now and then.
    private static func changeADigit(_ message: inout [UInt8], using random: inout SeededGenerator) {
        let digits = message.indices.filter { message[$0] >= UInt8(ascii: "0") && message[$0] <= UInt8(ascii: "9") }
        guard let at = digits.randomElement(using: &random) else { return }
        message[at] = Array("/0123456789:000".utf8).randomElement(using: &random) ?? 0x30
    }

    /// Writes a letter as an escape, in a name or a value.
    private static func escapeALetter(_ message: inout [UInt8], _ at: Int) {
        guard message[at] > 0x40, message[at] < 0x7B, message[at] != UInt8(ascii: "\\") else { return }
        let digits = String(message[at], radix: 16)
        message.replaceSubrange(at...at, with: Array("\\u00\(digits)".utf8))
    }
}
