import Testing
import WireTransport

struct ReceiveBufferTests {
    private func put(_ bytes: [UInt8], into buffer: ReceiveBuffer) {
        buffer.room(atLeast: bytes.count).copyBytes(from: bytes)
        buffer.filled(bytes.count)
    }

    @Test("What was not consumed stays in order while the buffer is used again and again")
    func wrapsAround() {
        let buffer = ReceiveBuffer(capacity: 10)
        var expected: [UInt8] = []
        var next: UInt8 = 0
        for round in 0..<1_000 {
            let size = min(3 + round % 4, 10 - buffer.count)
            let bytes = (0..<size).map { _ in
                next &+= 1
                return next
            }
            put(bytes, into: buffer)
            expected += bytes
            #expect(Array(buffer.unread) == expected)
            let taken = min(buffer.count, 2 + round % 5)
            buffer.consume(taken)
            expected.removeFirst(taken)
        }
    }

    @Test("A full buffer says so and has no room")
    func full() {
        let buffer = ReceiveBuffer(capacity: 4)
        put([1, 2, 3, 4], into: buffer)
        #expect(buffer.isFull)
        #expect(buffer.room().isEmpty)
        buffer.clear()
        #expect(buffer.room().count == 4)
    }
}
