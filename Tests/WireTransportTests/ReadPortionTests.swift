import Testing

@testable import WireTransport

struct ReadPortionTests {
    /// Notes deliveries of one message of 200 octets each, so far apart.
    private func deliver(
        _ count: Int,
        everyNs: Int64,
        isLate: Bool,
        to portion: inout ReadPortion,
        from startNs: inout Int64
    ) {
        for _ in 0..<count {
            startNs += everyNs
            portion.delivered(200, messageOctets: 200, kernelNs: startNs, isLate: isLate)
        }
    }

    @Test func `a process that is on time reads a message and a little at once, one that was late no more than one`() {
        var portion = ReadPortion()
        var ns: Int64 = 1_000_000_000
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .exact)
        deliver(ReadPortion.carefulDeliveries, everyNs: 1_000_000, isLate: false, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(300))
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
        deliver(1, everyNs: 1_000_000, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(200))
        deliver(ReadPortion.carefulDeliveries - 1, everyNs: 1_000_000, isLate: false, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(200))
        deliver(1, everyNs: 1_000_000, isLate: false, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(300))
    }

    @Test func `a careful process reads as much as the shortest message lately had, and a torn one to its end`() {
        var portion = ReadPortion()
        var ns: Int64 = 1_000_000_000
        deliver(1, everyNs: 1_000_000, isLate: true, to: &portion, from: &ns)
        ns += 1_000_000
        portion.delivered(180, messageOctets: 180, kernelNs: ns, isLate: false)
        deliver(30, everyNs: 1_000_000, isLate: false, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(180))
        #expect(portion.next(isDraining: false, isBetweenMessages: false) == .exact)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
        // The short one is no longer among the newest.
        deliver(32, everyNs: 1_000_000, isLate: false, to: &portion, from: &ns)
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(200))
    }

    @Test func `at 50 000 messages a second a late process reads each, at a million as many as come in 20 us`() {
        var portion = ReadPortion()
        var ns: Int64 = 1_000_000_000
        deliver(500, everyNs: 20_000, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
        deliver(5_000, everyNs: 1_000, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .octets(4_000))
        // What wakes it up is read by itself all the same.
        #expect(portion.next(isDraining: false, isBetweenMessages: true) == .octets(200))
        deliver(2, everyNs: 5_000_000, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
    }

    @Test func `where one time is that of many messages, larger pieces are read bit by bit`() {
        var portion = ReadPortion()
        var ns: Int64 = 1_000_000_000
        deliver(1, everyNs: 1, isLate: true, to: &portion, from: &ns)
        deliver(6, everyNs: 0, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
        deliver(1, everyNs: 0, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .octets(400))
        deliver(1, everyNs: 500_000, isLate: true, to: &portion, from: &ns)
        #expect(portion.next(isDraining: true, isBetweenMessages: true) == .exact)
    }

    @Test func `a position in TLS records is right however the octets are cut`() {
        let lengths = [0, 1, 5, 300, 16_640, 2]
        let stream = lengths.flatMap {
            [23, 3, 3, UInt8($0 >> 8), UInt8($0 & 0xFF)] + [UInt8](repeating: 23, count: $0)
        }
        for cut in [1, 2, 3, 4, 5, 7, 64, 305, 20_000] {
            var position = TLSRecordPosition()
            var completed = 0
            for start in stride(from: 0, to: stream.count, by: cut) {
                stream[start..<min(start + cut, stream.count)].withUnsafeBytes { position.advance(over: $0) }
                completed += position.takeCompleted()
            }
            #expect(position.missing == 0 && position.step == 5 && position.recordOctets == 7)
            #expect(completed == lengths.count, "cut every \(cut)")
        }
        var position = TLSRecordPosition()
        stream[..<3].withUnsafeBytes { position.advance(over: $0) }
        #expect(position.missing == 2)
        stream[3..<(5 + 5 + 1 + 5 + 2)].withUnsafeBytes { position.advance(over: $0) }
        #expect(position.missing == 3 && position.step == 3)
    }

    @Test func `the end of a TLS record is known from its header on, wherever that is cut`() {
        let record = [23, 3, 3, 1, 44] + [UInt8](repeating: 23, count: 300)
        let stream = record + record
        for cut in 0...record.count {
            var position = TLSRecordPosition()
            stream[..<cut].withUnsafeBytes { position.advance(over: $0) }
            let isInHeader = cut % record.count > 0 && cut % record.count < 5
            let expected = isInHeader ? 5 - cut : cut == record.count ? record.count : record.count - cut
            stream[cut...].withUnsafeBytes { #expect(position.octetsToEnd(in: $0) == expected, "cut at \(cut)") }
        }
        stream[..<4].withUnsafeBytes { #expect(TLSRecordPosition().octetsToEnd(in: $0) == 5) }
    }
}
