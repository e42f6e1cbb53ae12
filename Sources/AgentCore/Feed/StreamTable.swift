import MarketFeed

/// The plan's streams, to be found from a message without allocation.
///
/// A message of a combined stream says its stream's name. One of a raw stream does not: what it is and its symbol tell.
final class StreamTable {
    /// The streams' names in the plan's order.
    let names: [String]
    /// Whether there is nothing to tell apart.
    let isSingle: Bool
    /// Whether a stream's ids grow from event to event; not so where many symbols come in one stream.
    let hasGrowingIDs: [Bool]

    private let byName: OctetIndex
    private let byContent: OctetIndex

    init(_ names: [String]) {
        self.names = names
        isSingle = names.count < 2
        hasGrowingIDs = names.map { !$0.hasPrefix("!") }
        byName = OctetIndex(names.map { Array($0.utf8) })
        byContent = OctetIndex(names.map { Self.content($0) })
    }

    /// The index of a stream that is in none of the plan's names.
    var unknown: Int { names.count }

    /// The index of the stream that a message belongs to.
    @inline(__always)
    func index(of facts: borrowing MessageFacts, _ bytes: UnsafeRawBufferPointer) -> Int {
        isSingle ? 0 : search(facts, bytes)
    }

    private func search(_ facts: borrowing MessageFacts, _ bytes: UnsafeRawBufferPointer) -> Int {
        if let name = facts.stream?.bytes(in: bytes) { return byName.find(name, tag: 0) ?? unknown }
        guard let tag = Self.tag(facts.kind) else { return unknown }
        if let symbol = facts.symbol?.bytes(in: bytes), let index = byContent.find(symbol, tag: tag) { return index }
        return byContent.find(UnsafeRawBufferPointer(start: nil, count: 0), tag: tag) ?? unknown
    }

    /// The names of some streams, for a message: the first few and how many more.
    func text(_ indices: some Collection<Int>) -> String {
        let few = indices.prefix(5).map { names.indices.contains($0) ? names[$0] : "?" }
        return few.joined(separator: ", ") + (indices.count > few.count ? " and \(indices.count - few.count) more" : "")
    }

    private static func tag(_ kind: MessageFacts.Kind) -> UInt8? {
        switch kind {
        case .bookTicker: 1
        case .trade: 2
        case .aggTrade: 3
        case .depthUpdate: 4
        case .otherEvent, .serverShutdown, .acknowledgement, .error, .invalid: nil
        }
    }

    /// What a raw message of a stream looks like: its symbol in capitals (none for those of all symbols), then what it
    /// is.
    private static func content(_ name: String) -> [UInt8] {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        let word = name.hasPrefix("!") ? parts[0].dropFirst() : parts.count > 1 ? parts[1] : ""
        let symbol = name.hasPrefix("!") ? "" : parts.first ?? ""
        let tag: UInt8
        switch word {
        case "bookTicker": tag = 1
        case "trade": tag = 2
        case "aggTrade": tag = 3
        case "depth": tag = 4
        default: tag = 255
        }
        return symbol.utf8.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? $0 - 32 : $0 } + [tag]
    }
}

/// Finds octet strings: an open hash table over FNV-1a, made once.
private struct OctetIndex {
    private let keys: [[UInt8]]
    private let slots: [Int32]

    init(_ keys: [[UInt8]]) {
        var slots = [Int32](repeating: -1, count: max(8, (keys.count * 4).nextPowerOfTwo))
        for (index, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: Self.hash(key)) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
        self.keys = keys
        self.slots = slots
    }

    /// The first key that is `octets`, followed by `tag` unless that is 0.
    func find(_ octets: UnsafeRawBufferPointer, tag: UInt8) -> Int? {
        var hash = PayloadHash.of(octets)
        if tag != 0 { hash = PayloadHash.adding(tag, to: hash) }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if isKey(index, octets, tag) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isKey(_ index: Int, _ octets: UnsafeRawBufferPointer, _ tag: UInt8) -> Bool {
        keys[index].withUnsafeBytes { key in
            guard key.count == octets.count + (tag == 0 ? 0 : 1), key.prefix(octets.count).elementsEqual(octets) else {
                return false
            }
            return tag == 0 || key.last == tag
        }
    }

    private static func hash(_ key: [UInt8]) -> UInt64 {
        key.withUnsafeBytes { PayloadHash.of($0) }
    }
}

/// FNV-1a with 64 bits.
enum PayloadHash {
    static func of(_ octets: UnsafeRawBufferPointer) -> UInt64 {
        octets.reduce(0xcbf2_9ce4_8422_2325) { adding($1, to: $0) }
    }

    @inline(__always)
    static func adding(_ octet: UInt8, to hash: UInt64) -> UInt64 {
        (hash ^ UInt64(octet)) &* 0x0000_0100_0000_01b3
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self < 2 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
