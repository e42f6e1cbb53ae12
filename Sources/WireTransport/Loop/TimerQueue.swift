/// Names a scheduled timer.
public struct TimerID: Hashable, Sendable {
    let number: UInt64
}

/// Timers in the order of their time; a sorted array, since there are only a handful.
struct TimerQueue {
    private struct Entry {
        var atNs: Int64
        var id: TimerID
        var action: () -> Void
    }

    private var entries: [Entry] = []
    private var lastNumber: UInt64 = 0

    /// The newest timer's name.
    var newest: TimerID { TimerID(number: lastNumber) }

    /// When the first timer is due.
    var nextNs: Int64? { entries.last?.atNs }

    mutating func add(atNs: Int64, _ action: @escaping () -> Void) -> TimerID {
        lastNumber += 1
        let entry = Entry(atNs: atNs, id: TimerID(number: lastNumber), action: action)
        // Latest first, so that the next one is taken off the end. Equal times keep the order in which they were added.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].atNs > atNs { low = middle + 1 } else { high = middle }
        }
        entries.insert(entry, at: low)
        return entry.id
    }

    mutating func cancel(_ id: TimerID) {
        entries.removeAll { $0.id == id }
    }

    /// Takes off the next timer that is due by `ns`, of those up to `newest`.
    mutating func takeDue(byNs ns: Int64, upTo newest: TimerID) -> (() -> Void)? {
        guard let index = entries.lastIndex(where: { $0.id.number <= newest.number }), entries[index].atNs <= ns else {
            return nil
        }
        return entries.remove(at: index).action
    }
}
