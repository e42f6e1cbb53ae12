/// Finds the update ids in a stream of octets that carries raw messages among other things.
///
/// The backbone's protocol is none of the lab's business; all that matters here is that raw messages, with their
/// `"u":123` (a trade's `"t":123`), stand in it as they came. Keeps its place between pieces of the stream.
struct RelayedUpdates {
    private static let keyLength = 4
    /// More digits than any 64-bit number has.
    private static let digitLimit = 19

    private var matchedOctets = 0
    private var digits = 0
    private var number: Int64 = 0

    /// Gives each id that is complete at the end of `bytes`.
    mutating func next(_ bytes: UnsafeRawBufferPointer, _ found: (Int64) -> Void) {
        for octet in bytes {
            if matchedOctets == Self.keyLength {
                if octet >= 0x30, octet <= 0x39, digits < Self.digitLimit {
                    digits += 1
                    number = number &* 10 &+ Int64(octet - 0x30)
                    continue
                }
                if digits > 0, number > 0 { found(number) }
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

    private static func continuesKey(_ octet: UInt8, at place: Int) -> Bool {
        switch place {
        case 0, 2: octet == UInt8(ascii: "\"")
        case 1: octet == UInt8(ascii: "u") || octet == UInt8(ascii: "t")
        default: octet == UInt8(ascii: ":")
        }
    }
}
