import Testing

@testable import LabWorld

/// What a benchmark's sink finds in a relay's stream.
struct UpdateIDScannerTests {
    @Test("Each id is found once, wherever the reads cut the stream")
    func everyCut() {
        let stream =
            #"{"e":"bookTicker","u":11671659685961,"s":"BTCUSDT"}x{"data":"{\"u\":7,\"b\":1}"}{"u":"# + "\n{\"ub\":3}"
        let octets = Array(stream.utf8)
        for cut in 0...octets.count {
            var scanner = UpdateIDScanner()
            var found: [Int64] = []
            octets[..<cut].withUnsafeBytes { scanner.scan($0) { found.append($0) } }
            octets[cut...].withUnsafeBytes { scanner.scan($0) { found.append($0) } }
            #expect(found == [11_671_659_685_961, 7], "cut at \(cut)")
        }
    }

    @Test("A number without an end is not counted yet, and one too long to be an id not at all")
    func ends() {
        var scanner = UpdateIDScanner()
        var found: [Int64] = []
        Array(#"{"u":12"#.utf8).withUnsafeBytes { scanner.scan($0) { found.append($0) } }
        #expect(found.isEmpty)
        Array("3,".utf8).withUnsafeBytes { scanner.scan($0) { found.append($0) } }
        #expect(found == [123])
        Array(#""u":99999999999999999999999,"u":5}"#.utf8).withUnsafeBytes { scanner.scan($0) { found.append($0) } }
        #expect(found == [123, 5])
    }
}
