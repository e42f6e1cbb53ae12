/// A connection's unconsumed octets, contiguous, in one block that is allocated once.
public final class ReceiveBuffer {
    /// The most that one read takes, so that a peer that was held up does not fill the whole block, which then stays.
    private static let readLimit = 131_072

    private let block: UnsafeMutableRawBufferPointer
    private var head = 0
    private var tail = 0

    /// A buffer of `capacity` octets, which limits the longest message.
    public init(capacity: Int) {
        block = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { block.deallocate() }

    /// What has come and is not consumed.
    @inline(__always)
    public var unread: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: block[head..<tail])
    }

    /// The number of unread octets.
    @inline(__always)
    public var count: Int { tail - head }

    /// Whether no more can come before some is consumed.
    public var isFull: Bool { tail - head == block.count }

    /// Room for more, never empty unless the buffer is full; moves the unread octets to the front when the end is near.
    @inline(__always)
    public func room(atLeast wanted: Int = 16_384) -> UnsafeMutableRawBufferPointer {
        if head > 0, block.count - tail < wanted {
            if tail > head, let base = block.baseAddress {
                base.copyMemory(from: base + head, byteCount: tail - head)
            }
            tail -= head
            head = 0
        }
        let end = min(block.count, tail + max(wanted, Self.readLimit))
        return UnsafeMutableRawBufferPointer(rebasing: block[tail..<end])
    }

    /// Notes that `count` octets were written into the room.
    @inline(__always)
    public func filled(_ count: Int) {
        tail += count
    }

    /// Notes that the first `count` unread octets are done with.
    @inline(__always)
    public func consume(_ count: Int) {
        precondition(count >= 0 && count <= tail - head, "consumed more than was there")
        head += count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Forgets everything, for a new connection.
    public func clear() {
        head = 0
        tail = 0
    }
}
