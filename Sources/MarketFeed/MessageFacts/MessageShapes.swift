/// Messages seen lately, so that the next one of the same shape need not be parsed.
///
/// The exchange sends the same text again and again with other digits. A message that has the length of a known one,
/// its very bytes everywhere but in digits, and digits where that has digits is parsed as that was: only its numbers
/// are read anew. All of it is compared 32 bytes at a time, without a branch and without waiting for where the last
/// member ended. Whatever differs anywhere goes through the parser.
struct MessageShapes: Sendable {
    /// The longest message that is remembered.
    static let longest = 384
    /// The shortest: an event is never that short, and reads of many bytes stay inside it.
    static let shortest = 32
    /// Shapes are looked up by the message's length; so many have a place of their own.
    private static let sets = 16
    /// Shapes of one place, since messages of one length differ in where their digits are.
    private static let ways = 2
    /// The octets of one shape: its text, then which bytes must be the same; each has the message's end once more
    /// behind it.
    private static let stride = 2 * half
    private static let half = longest + 32
    private typealias Block = SIMD4<UInt64>

    private var shapes: ContiguousArray<MessageShape> = []
    private var octets: ContiguousArray<UInt8> = []
    private var misses: UInt = 0

    /// The number of the shape that a message has; negative when it is new.
    @inline(__always)
    func find(_ base: UnsafeRawPointer, _ count: Int) -> Int {
        guard count >= Self.shortest, count <= Self.longest, !shapes.isEmpty else { return -1 }
        let first = (count & (Self.sets - 1)) * Self.ways
        for index in first..<(first + Self.ways) where shapes[index].count == count && isSame(base, count, index) {
            return index
        }
        return -1
    }

    /// Takes over what a shape's messages have in common and reads a message's numbers; nil when one is not usable
    /// after all.
    @inline(__always)
    func read(_ index: Int, _ base: UnsafeRawPointer, into fields: inout EventFields) -> MessageShape.Outline? {
        shapes.withUnsafeBufferPointer { $0[index].read(base, into: &fields) ? $0[index].outline : nil }
    }

    @inline(__always)
    private func isSame(_ base: UnsafeRawPointer, _ count: Int, _ index: Int) -> Bool {
        octets.withUnsafeBytes { buffer in
            guard let text = buffer.baseAddress.map({ $0 + index * Self.stride }) else { return false }
            let same = text + Self.half
            var differs = Block()
            // Messages of about one length take the same number of turns, which the processor can foresee.
            for offset in Swift.stride(from: 0, to: count & ~31, by: 32) {
                differs |= Self.difference(base + offset, text + offset, same + offset)
            }
            let end = Self.longest
            differs |= Self.difference(base + (count - 32), text + end, same + end)
            return differs == Block()
        }
    }

    /// Not zero when a byte that must be the same is not, or one that may be any digit is none; the text has zeros for
    /// digits.
    @inline(__always)
    private static func difference(
        _ message: UnsafeRawPointer,
        _ text: UnsafeRawPointer,
        _ same: UnsafeRawPointer
    ) -> Block {
        let other = message.loadUnaligned(as: Block.self) ^ text.loadUnaligned(as: Block.self)
        // A digit is at most 9 here; what a larger byte may carry into its neighbour is found in itself, too.
        let beyondNine = (other &+ Block(repeating: 0x7676_7676_7676_7676)) | other
        return (other & same.loadUnaligned(as: Block.self)) | (beyondNine & Block(repeating: 0x8080_8080_8080_8080))
    }

    /// Remembers a message that the parser has read, when it is worth it.
    @inline(__always)
    mutating func note(_ message: UnsafeRawBufferPointer, _ outline: MessageShape.Outline, _ fields: EventFields) {
        guard message.count >= Self.shortest, message.count <= Self.longest else { return }
        misses &+= 1
        // Never the first one, which may be the only one; later ones seldom once there is no place for them.
        guard misses > 1 else { return }
        remember(message, outline, fields)
    }

    @inline(never)
    private mutating func remember(
        _ message: UnsafeRawBufferPointer,
        _ outline: MessageShape.Outline,
        _ fields: EventFields
    ) {
        let first = (message.count & (Self.sets - 1)) * Self.ways
        var index = first
        if !shapes.isEmpty {
            if let free = (first..<(first + Self.ways)).first(where: { shapes[$0].count == 0 }) {
                index = free
            } else {
                guard misses % 8 == 0 else { return }
                index = first + Int(misses / 8) % Self.ways
            }
        }
        guard let (shape, same) = MessageShape.learn(message, outline, fields) else { return }
        if shapes.isEmpty {
            shapes = ContiguousArray(repeating: MessageShape(), count: Self.sets * Self.ways)
            octets = ContiguousArray(repeating: 0, count: Self.sets * Self.ways * Self.stride)
        }
        shapes[index] = shape
        let text = zip(message, same).map { $1 == 0 ? UInt8(ascii: "0") : $0 }
        store(text, at: index * Self.stride)
        store(same, at: index * Self.stride + Self.half)
    }

    private mutating func store(_ bytes: [UInt8], at start: Int) {
        octets.replaceSubrange(start..<(start + bytes.count), with: bytes)
        octets.replaceSubrange((start + Self.longest)..<(start + Self.half), with: bytes.suffix(32))
    }
}
