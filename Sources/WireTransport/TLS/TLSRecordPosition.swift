/// Where in the records of TLS a stream of ciphertext stands (RFC 8446 section 5.1: type, version, u16 length,
/// content).
struct TLSRecordPosition {
    private static let headerOctets = 5

    /// The octets of the record whose header came last, header included.
    private(set) var recordOctets = 0
    /// Records that became whole since the last call of `takeCompleted`.
    private var completed = 0
    private var headerSeen = 0
    private var length = 0
    private var contentMissing = 0

    /// The octets that are missing until the header of the present record is there, then until the record is whole; 0
    /// between two records.
    var missing: Int {
        if contentMissing > 0 { return contentMissing }
        return headerSeen == 0 ? 0 : Self.headerOctets - headerSeen
    }

    /// The octets to read to get as far as the next header, or the present record's end.
    var step: Int { missing == 0 ? Self.headerOctets : missing }

    /// The octets to the end of the present record, or of the one that `next` begins with; to the end of its header
    /// where the length is not in `next`.
    @inline(__always)
    func octetsToEnd(in next: UnsafeRawBufferPointer) -> Int {
        guard contentMissing == 0, headerSeen == 0, next.count >= Self.headerOctets else { return step }
        return Self.headerOctets + (Int(next[3]) << 8 | Int(next[4]))
    }

    /// How many records became whole since this was last asked.
    mutating func takeCompleted() -> Int {
        defer { completed = 0 }
        return completed
    }

    /// Goes on behind these octets.
    @inline(__always)
    mutating func advance(over bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count {
            if contentMissing > 0 {
                let taken = min(contentMissing, bytes.count - position)
                contentMissing -= taken
                position += taken
                if contentMissing == 0 { completed += 1 }
                continue
            }
            length = (length << 8 | Int(bytes[position])) & 0xFFFF
            headerSeen += 1
            position += 1
            if headerSeen == Self.headerOctets {
                contentMissing = length
                if length == 0 { completed += 1 }
                recordOctets = Self.headerOctets + length
                headerSeen = 0
            }
        }
    }
}
