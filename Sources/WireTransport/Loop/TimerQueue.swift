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

    /// Takes off the next timer that is due by `ns`.
    private mutating func takeDue(byNs ns: Int64) -> (() -> Void)? {
        guard let last = entries.last, last.atNs <= ns else { return nil }
        entries.removeLast()
        return last.action
    }

    /// Takes off every timer that is due by `ns`, at most a thousand, in the order of their times.
    ///
    /// The caller calls them, so that an action may add and cancel timers.
    mutating func takeAllDue(byNs ns: Int64) -> [() -> Void] {
        var due: [() -> Void] = []
        while due.count < 1_000, let action = takeDue(byNs: ns) { due.append(action) }
        return due
    }
}
