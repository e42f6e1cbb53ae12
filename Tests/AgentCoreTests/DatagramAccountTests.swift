import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

@Suite struct DatagramAccountTests {
    private static let moment = Timestamp(wallNs: 1, monotonicNs: 1)

    private func note(_ sequence: UInt64, _ account: inout DatagramAccount, connection: Int = 0)
        -> DatagramAccount.Arrival
    {
        account.note(sequence, connection: connection, at: Self.moment, disconnected: nil)
    }

    @Test("Against a naive account: any order, any losses, any copies", arguments: [UInt64(1), 2, 3, 4])
    func againstSets(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var order: [UInt64] = []
        // Losses of a third in half of the seeds: more ranges than are kept apart.
        let loss = seed % 2 == 0 ? 0.34 : 0.02
        for sequence in UInt64(1)...60_000 where Double.random(in: 0..<1, using: &generator) > loss {
            order.append(sequence)
            if Double.random(in: 0..<1, using: &generator) < 0.05 { order.append(sequence) }
        }
        for index in order.indices where Double.random(in: 0..<1, using: &generator) < 0.05 {
            order.swapAt(index, min(order.count - 1, index + Int.random(in: 1...300, using: &generator)))
        }
        var account = DatagramAccount()
        var came: Set<UInt64> = []
        var newest: UInt64 = 0
        var (duplicates, reordered) = (0, 0)
        for sequence in order {
            let arrival = note(sequence, &account)
            if !came.insert(sequence).inserted {
                duplicates += 1
                #expect(arrival == .duplicate)
            } else if sequence < newest {
                reordered += 1
                #expect(arrival == .reordered)
            } else {
                #expect(arrival == .next)
            }
            newest = max(newest, sequence)
        }
        account.close(last: 60_010, at: Self.moment)
        #expect(account.counts.arrived == came.count)
        #expect(account.counts.missing == 60_010 - came.count)
        #expect(account.missing.reduce(0) { $0 + $1.count } == 60_010 - came.count)
        #expect(account.counts.duplicates == duplicates)
        #expect(account.counts.reordered == reordered)
        #expect(account.late == 0)
    }

    @Test("What comes more than a window late, or after the end, stays lost and is counted as late")
    func late() {
        var account = DatagramAccount()
        let window = DatagramAccount.windowIDs
        #expect(note(1, &account) == .next)
        #expect(note(window + 2, &account) == .next)
        #expect(note(3, &account) == .reordered)
        #expect(note(2, &account) == .late)
        #expect(note(1, &account) == .late)
        #expect(account.counts.missing == Int(window) - 1)
        account.close(last: window + 3, at: Self.moment)
        #expect(note(4, &account) == .late)
        #expect(note(window + 3, &account) == .late)
        #expect(account.late == 4)
        #expect(account.counts.arrived == 3)
        #expect(account.counts.arrived + account.counts.missing == Int(window) + 3)
    }

    @Test("Ids that share a place with ones a window before are not taken for them")
    func places() {
        var account = DatagramAccount()
        let window = DatagramAccount.windowIDs
        for sequence in 1...window { #expect(note(sequence, &account) == .next) }
        #expect(note(window + 3, &account) == .next)
        #expect(note(window + 1, &account) == .reordered)
        #expect(note(window + 2, &account) == .reordered)
        #expect(note(window + 2, &account) == .duplicate)
        #expect(note(3 * window + 10, &account) == .next)
        #expect(note(2 * window + 20, &account) == .reordered)
        #expect(account.counts.arrived + account.counts.missing == Int(3 * window) + 10)
    }

    @Test("A gap between two sessions is the disconnection's, one inside a session the way's")
    func causes() {
        var account = DatagramAccount()
        _ = note(1, &account, connection: 0)
        _ = note(5, &account, connection: 0)
        _ = note(9, &account, connection: 1)
        #expect(account.missing.map(\.cause) == ["lost on the way", "disconnection"])
        #expect(note(7, &account, connection: 0) == .reordered)
        #expect(account.missing.map { [$0.first, $0.last] } == [[2, 4], [6, 6], [8, 8]])
    }

    @Test("Ids of an earlier receiver are not this one's")
    func before() {
        var account = DatagramAccount()
        account.begin(after: 100)
        #expect(note(100, &account) == .late)
        #expect(note(102, &account) == .next)
        #expect(account.counts.missing == 1)
    }

    @Test(
        "The short code is the first half of HMAC-SHA-256 over both pieces",
        arguments: [0, 1, 55, 56, 64, 200, 4_000]
    )
    func codes(size: Int) {
        var generator = SeededGenerator(seed: UInt64(size))
        let octets = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let head = (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let body = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let key = MessageKey(octets)
        var code = [UInt8](repeating: 0, count: 16)
        head.withUnsafeBytes { head in
            body.withUnsafeBytes { body in
                code.withUnsafeMutableBytes { code in
                    if let place = code.baseAddress { key.writeCode(of: head, body, to: place) }
                }
                #expect(code.withUnsafeBytes { $0.baseAddress.map { key.isCode($0, of: head, body) } } == true)
                code[15] ^= 1
                #expect(code.withUnsafeBytes { $0.baseAddress.map { key.isCode($0, of: head, body) } } == false)
                code[15] ^= 1
            }
        }
        #expect(code == Array(MessageAuthentication.code(key: octets, message: head + body).prefix(16)))
    }
}
