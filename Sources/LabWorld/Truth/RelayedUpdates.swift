/// Finds the update ids in a stream of octets that carries raw messages among other things.
///
/// The backbone's protocol is none of the lab's business; all that matters here is that raw messages, with their
/// `"u":123` (a trade's `"t":123`), stand in it as they came. Keeps its place between pieces of the stream: an id whose
/// message goes on is given with the piece that has the message's last octet, since nobody can use it before.
struct RelayedUpdates {
    private static let keyLength = 4
    /// More digits than any 64-bit number has.
    private static let digitLimit = 19

    private var matchedOctets = 0
    private var digits = 0
    private var number: Int64 = 0
    private var message = MessageEnd()
    /// Ids whose message has not ended yet.
    private var pending: [Int64] = []

    /// Gives each id whose message is complete at the end of `bytes`.
    mutating func next(_ bytes: UnsafeRawBufferPointer, _ found: (Int64) -> Void) {
        for octet in bytes {
            message.next(octet)
            if !message.isOpen, !pending.isEmpty { giveRest(found) }
            if matchedOctets == Self.keyLength {
                if octet >= 0x30, octet <= 0x39, digits < Self.digitLimit {
                    digits += 1
                    number = number &* 10 &+ Int64(octet - 0x30)
                    continue
                }
                if digits > 0, number > 0 {
                    if message.isOpen { pending.append(number) } else { found(number) }
                }
                matchedOctets = 0
                digits = 0
                number = 0
            }
            if Self.continuesKey(octet, at: matchedOctets) {
                matchedOctets += 1
            } else {
                // The key begins with a quote and has another inside, after which a new match may begin.
                matchedOctets = octet == UInt8(ascii: "\"") ? 1 : 0
            }
        }
    }

    /// Gives the ids whose message has not ended: nothing more of it will come here.
    mutating func giveRest(_ found: (Int64) -> Void) {
        for id in pending { found(id) }
        pending.removeAll(keepingCapacity: true)
    }

    private static func continuesKey(_ octet: UInt8, at place: Int) -> Bool {
        switch place {
        case 0, 2: octet == UInt8(ascii: "\"")
        case 1: octet == UInt8(ascii: "u") || octet == UInt8(ascii: "t")
        default: octet == UInt8(ascii: ":")
        }
    }
}

/// Follows the braces of the raw messages in a stream, to know where each ends.
private struct MessageEnd {
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    private var previous: UInt8 = 0

    /// Whether a message has begun and not ended.
    var isOpen: Bool { depth > 0 }

    mutating func next(_ octet: UInt8) {
        defer { previous = octet }
        guard depth > 0 else {
            guard previous == UInt8(ascii: "{"), octet == UInt8(ascii: "\"") else { return }
            depth = 1
            isInText = true
            return
        }
        // No message has such an octet: what looked like a beginning was none.
        guard octet >= 0x20, octet < 0x7f || isInText else {
            self = MessageEnd()
            return
        }
        if isEscaped {
            isEscaped = false
        } else if octet == UInt8(ascii: "\"") {
            isInText.toggle()
        } else if isInText {
            isEscaped = octet == UInt8(ascii: "\\")
        } else if octet == UInt8(ascii: "{") {
            depth += 1
        } else if octet == UInt8(ascii: "}") {
            depth -= 1
        }
    }
}
