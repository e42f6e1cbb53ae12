import Foundation
import Synchronization
import Testing

@testable import LabWorld

@Suite struct StreamTrackerTests {
    private final class Recorder: LinkObserver {
        struct Notes {
            var events: [String] = []
            var bytes: [UInt8] = []
        }
        let notes = Mutex(Notes())

        func linkConnected(_ connection: LinkConnectionID, localPort: Int) {
            notes.withLock { $0.events.append("connected \(connection.number) port \(localPort)") }
        }

        func linkDelivered(_ connection: LinkConnectionID, _ delivery: LinkDelivery, _ bytes: UnsafeRawBufferPointer) {
            notes.withLock {
                $0.events.append("to \(delivery.endOctets) at \(delivery.deliveredNs)")
                $0.bytes.append(contentsOf: bytes)
            }
        }

        func linkClosed(_ connection: LinkConnectionID) {
            notes.withLock { $0.events.append("closed \(connection.number)") }
        }
    }

    /// An IPv4 packet from 10.9.1.1:443 to 10.9.1.2:30000 with one TCP segment.
    private func packet(sequence: UInt32, flags: UInt8 = 0x10, _ payload: String = "") -> [UInt8] {
        let total = 40 + payload.utf8.count
        var bytes: [UInt8] = [0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0, 0, 0, 0, 64, 6, 0, 0]
        bytes += [10, 9, 1, 1, 10, 9, 1, 2, 0x01, 0xbb, 0x75, 0x30]
        bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sequence >> $0) } + [0, 0, 0, 0, 0x50, flags]
        return bytes + [0, 0, 0, 0, 0, 0] + payload.utf8
    }

    private func play(_ steps: [(sequence: UInt32, flags: UInt8, payload: String)]) -> Recorder.Notes {
        let recorder = Recorder()
        let tracker = StreamTracker(.direct, observer: recorder)
        for (index, step) in steps.enumerated() {
            packet(sequence: step.sequence, flags: step.flags, step.payload).withUnsafeBytes {
                tracker.came($0)
                tracker.delivered($0, readNs: 0, deliveredNs: Int64(index))
            }
        }
        return recorder.notes.withLock { $0 }
    }

    @Test("Octets are delivered when all before them are, whatever comes early, twice or in other pieces")
    func order() {
        // The numbers run over 2^32 in the middle.
        let first = UInt32.max - 3
        let notes = play([
            (first &- 1, 0x12, ""), (first, 0x10, "abc"), (first &+ 6, 0x10, "ghi"), (first &+ 6, 0x10, "gh"),
            (first, 0x10, "abc"), (first &+ 3, 0x10, "defgh"), (first &+ 9, 0x10, "j"),
        ])
        #expect(String(decoding: notes.bytes, as: UTF8.self) == "abcdefghij")
        #expect(
            notes.events == ["connected 0 port 30000", "to 3 at 1", "to 8 at 5", "to 9 at 5", "to 10 at 6"]
        )
    }

    @Test("A new connection on the same ports is another one, and a repeated opening is not")
    func again() {
        let notes = play([
            (100, 0x12, ""), (100, 0x12, ""), (101, 0x10, "x"), (900, 0x12, ""), (901, 0x10, "y"), (902, 0x14, ""),
            (902, 0x10, "z"),
        ])
        #expect(
            notes.events == [
                "connected 0 port 30000", "to 1 at 2", "closed 0", "connected 1 port 30000", "to 1 at 4", "closed 1",
            ]
        )
    }

    /// An IPv4 packet from 10.9.3.1:40000 to 10.9.3.2:8080 with one datagram.
    private func datagram(_ payload: String, fragment: UInt8 = 0) -> [UInt8] {
        let total = 28 + payload.utf8.count
        let bytes: [UInt8] = [0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0, 0, 0, fragment, 64, 17, 0, 0]
        let ports: [UInt8] = [10, 9, 3, 1, 10, 9, 3, 2, 0x9c, 0x40, 0x1f, 0x90]
        return bytes + ports + [0, UInt8(total - 20), 0, 0] + payload.utf8
    }

    @Test("Datagrams are delivered as they come, lost ones never")
    func datagrams() {
        let recorder = Recorder()
        let tracker = StreamTracker(.backbone, observer: recorder)
        for (index, text) in ["ab", "lost", "cde"].enumerated() {
            datagram(text).withUnsafeBytes {
                tracker.came($0)
                if text != "lost" { tracker.delivered($0, readNs: 0, deliveredNs: Int64(index)) }
            }
        }
        datagram("later", fragment: 3).withUnsafeBytes { tracker.came($0) }
        let notes = recorder.notes.withLock { $0 }
        #expect(String(decoding: notes.bytes, as: UTF8.self) == "abcde")
        #expect(notes.events == ["connected 0 port 8080", "to 2 at 0", "to 5 at 2"])
    }

    @Test("A datagram with a market-data message is told from one without")
    func updates() {
        func carries(_ bytes: [UInt8]) -> Bool? { bytes.withUnsafeBytes { LabDatagram($0)?.carriesUpdate } }
        #expect(carries(datagram(#"x{"e":"bookTicker","u":12,"s":"BTCUSDT"}"#)) == true)
        #expect(carries(datagram("LATEXP")) == false)
        #expect(carries(packet(sequence: 1, #"{"u":12,"#)) == nil)
    }

    @Test("What is no TCP over IPv4, or cut short, is nobody's", arguments: [0, 19, 20, 39])
    func short(count: Int) {
        let recorder = Recorder()
        let tracker = StreamTracker(.direct, observer: recorder)
        packet(sequence: 1, flags: 0x12).prefix(count).withUnsafeBytes { tracker.came($0) }
        #expect(recorder.notes.withLock { $0.events.isEmpty })
    }
}
