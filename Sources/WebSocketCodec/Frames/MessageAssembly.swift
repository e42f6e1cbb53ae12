/// The storage in which the fragments of one message come together; kept from message to message.
struct MessageAssembly: ~Copyable {
    /// Whether a message has begun and is not complete.
    private(set) var isActive = false
    /// The type that its first frame gave.
    private(set) var opcode = Opcode.text
    /// How much of it has arrived; 0 between messages.
    private(set) var byteCount = 0

    private let limit: Int
    private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    init(limit: Int) {
        self.limit = limit
    }

    deinit {
        storage.deallocate()
    }

    /// Adds a fragment, which the caller has checked against the limit.
    mutating func append(_ payload: UnsafeRawBufferPointer, opcode: Opcode) {
        precondition(byteCount + payload.count <= limit, "fragments are checked before they are kept")
        if !isActive {
            isActive = true
            self.opcode = opcode
        }
        reserve(byteCount + payload.count)
        if !payload.isEmpty {
            UnsafeMutableRawBufferPointer(rebasing: storage[byteCount...]).copyMemory(from: payload)
        }
        byteCount += payload.count
    }

    /// Ends the message; its bytes stay valid until the next one begins.
    mutating func finish() -> UnsafeRawBufferPointer {
        let message = UnsafeRawBufferPointer(rebasing: storage[..<byteCount])
        isActive = false
        byteCount = 0
        return message
    }

    /// Grows by doubling, never beyond the limit.
    private mutating func reserve(_ needed: Int) {
        guard needed > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(limit, max(needed, storage.count * 2, 4096)),
            alignment: 8
        )
        if byteCount > 0 {
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<byteCount]))
        }
        storage.deallocate()
        storage = larger
    }
}
