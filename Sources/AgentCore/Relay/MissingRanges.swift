import ExperimentModel

/// The list of ranges stays bounded, and its sum exact, however often something is lost.
extension [MissingRange] {
    /// The ranges that are kept apart; those after them are put together in the last one.
    static let apart = 10_000

    /// Notes missing ids, later than all noted before.
    mutating func note(first: UInt64, last: UInt64, cause: String, at: Timestamp) {
        guard let newest = indices.last else {
            return append(MissingRange(first: first, last: last, cause: cause, at: at))
        }
        if self[newest].last + 1 == first, self[newest].cause == cause {
            self[newest].last = last
            if let missing = self[newest].missing { self[newest].missing = missing + Int(clamping: last - first + 1) }
        } else if count < Self.apart {
            append(MissingRange(first: first, last: last, cause: cause, at: at))
        } else {
            self[newest].missing = self[newest].count + Int(clamping: last - first + 1)
            self[newest].last = last
        }
    }

    /// Takes an id that came after all off the list; false when it was not missing.
    mutating func remove(_ sequence: UInt64) -> Bool {
        guard let index = firstIndex(where: { $0.first <= sequence && sequence <= $0.last }) else { return false }
        return remove(sequence, from: index)
    }

    /// The same, looking at the newest ranges first.
    mutating func removeNewest(_ sequence: UInt64) -> Bool {
        guard let index = lastIndex(where: { $0.first <= sequence }), sequence <= self[index].last else { return false }
        return remove(sequence, from: index)
    }

    private mutating func remove(_ sequence: UInt64, from index: Int) -> Bool {
        let range = self[index]
        if range.missing != nil {
            // Which of its ids are missing is not known any more; all the others have come in their turn.
            self[index].missing = range.count - 1
            return range.count > 0
        }
        var rest: [MissingRange] = []
        if range.first < sequence {
            rest.append(MissingRange(first: range.first, last: sequence - 1, cause: range.cause, at: range.at))
        }
        if sequence < range.last {
            rest.append(MissingRange(first: sequence + 1, last: range.last, cause: range.cause, at: range.at))
        }
        replaceSubrange(index...index, with: rest)
        return true
    }
}
