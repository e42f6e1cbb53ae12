import ExperimentModel
import Testing

@testable import LabWorld

struct TruthTests {
    private func delivery(_ end: Int, _ ns: Int64) -> LinkDelivery {
        LinkDelivery(readNs: ns - 1, deliveredNs: ns, endOctets: end)
    }

    @Test
    func `a message is delivered with the octets that hold its end, whoever reports first`() {
        var match = DeliveryMatch()
        #expect(match.delivered(delivery(50, 1)).isEmpty, "the handshake")
        #expect(match.wrote(updateID: 7, endOctets: 100).isEmpty)
        #expect(match.wrote(updateID: 8, endOctets: 150).isEmpty)
        #expect(match.delivered(delivery(99, 2)).isEmpty, "all but the last octet")
        let both = match.delivered(delivery(150, 3))
        #expect(both.map(\.updateID) == [7, 8] && both.map(\.deliveredNs) == [3, 3])
        #expect(match.delivered(delivery(300, 4)).isEmpty)
        let late = match.wrote(updateID: 9, endOctets: 200)
        #expect(late.map(\.updateID) == [9] && late.map(\.deliveredNs) == [4])
    }

    @Test
    func `one silent side does not make the other grow`() {
        var match = DeliveryMatch()
        for number in 1...250_000 { _ = match.delivered(delivery(number, Int64(number))) }
        let matches = match.wrote(updateID: 1, endOctets: 249_000)
        #expect(matches.map(\.deliveredNs) == [249_000])
        #expect(match.wrote(updateID: 2, endOctets: 250_000).map(\.deliveredNs) == [250_000])
    }

    @Test
    func `update ids are found in any stream of octets, however it is cut`() {
        let text =
            "\u{1}\0\u{1f}{\"e\":\"bookTicker\",\"u\":11671659685961,\"s\":\"B\",\"st\":1}\0\0\"u\"::\"\"u\":5}{\"e\":\"trade\",\"t\":42,"
            + "\"T\":99,\"U\":3,\"u\":\"x\"}"
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var updates = RelayedUpdates()
            var found: [Int64] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                piece.withUnsafeBytes { updates.next($0) { found.append($0) } }
            }
            #expect(found == [11_671_659_685_961, 5, 42], "cut at \(cut)")
        }
    }

    @Test
    func `an event split over two segments is delivered with the second`() {
        let header = "\0\0\0\u{70}\u{4}\0\0\0{\"\0"
        let raw = "{\"stream\":\"b}\",\"data\":{\"u\":77,\"s\":\"a{\\\"}\",\"b\":\"1.5\"}}"
        let bytes = Array((header + raw + header).utf8)
        let last = header.utf8.count + raw.utf8.count
        for cut in 0...bytes.count {
            var updates = RelayedUpdates()
            var found: [(id: Int64, piece: Int)] = []
            for (piece, part) in [bytes[..<cut], bytes[cut...]].enumerated() {
                part.withUnsafeBytes { updates.next($0) { found.append(($0, piece)) } }
            }
            #expect(found.map(\.id) == [77], "cut at \(cut)")
            #expect(found.first?.piece == (cut >= last ? 0 : 1), "cut at \(cut)")
        }
    }

    @Test
    func `the truth of an event is its earliest delivery, and the oldest events go when it is full`() {
        var log = TruthLog(limit: 10)
        for number in 1...12 { log.add(updateID: Int64(number) * 3, sentNs: Int64(number)) }
        #expect(log.truths.map(\.updateID) == [9, 12, 15, 18, 21, 24, 27, 30, 33, 36])
        log.delivered(updateID: 12, on: LinkConnectionID(link: .direct, number: 2), atNs: 200)
        log.delivered(updateID: 12, on: LinkConnectionID(link: .direct, number: 1), atNs: 300)
        log.delivered(updateID: 12, on: LinkConnectionID(link: .direct, number: 3), atNs: 100)
        log.delivered(updateID: 12, on: LinkConnectionID(link: .backbone, number: 0), atNs: 400)
        log.delivered(updateID: 13, on: LinkConnectionID(link: .tokyo, number: 0), atNs: 500)
        log.delivered(updateID: 3, on: LinkConnectionID(link: .tokyo, number: 0), atNs: 500)
        #expect(log.truths[1] == LabTruth(updateID: 12, sentNs: 4, directNs: 100, tokyoNs: nil, backboneNs: 400))
        #expect(log.truths[0].tokyoNs == nil)
    }
}
