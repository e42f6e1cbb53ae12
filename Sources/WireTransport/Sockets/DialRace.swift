/// What a race of addresses asks for next; addresses are named by their place in the order.
enum DialStep: Equatable {
    /// Begin to connect to this address.
    case attempt(Int)
    /// Close this attempt: another was quicker.
    case close(Int)
    /// Close this attempt: its time is over.
    case expire(Int)
    /// This one is open, and all others are closed.
    case won(Int)
    /// There is nothing left to try.
    case lost
}

/// Which of several addresses to try when, after RFC 8305 section 5; without sockets and clocks.
///
/// The next address is tried at once when one fails, and after a short delay when one says nothing. The first whose TCP
/// is up leads: the others are closed and tried again only if it fails after all, as when its certificate is not
/// accepted.
struct DialRace {
    /// How long things may take, nanoseconds.
    struct Limits {
        /// From one attempt to the next while nothing is heard; RFC 8305 recommends 250 ms.
        var nextAttemptNs: Int64 = 250_000_000
        /// One attempt, until TCP and TLS are open.
        var attemptNs: Int64 = 5_000_000_000
    }

    private enum State: Equatable {
        case waiting
        case running(endNs: Int64)
        case over
    }

    private let limits: Limits
    private var states: [State]
    private var leader: Int?
    /// When the next address is tried though nothing has failed; nil when there is none, or one leads.
    private var nextAttemptNs: Int64?

    /// A race between so many addresses.
    init(count: Int, limits: Limits = Limits()) {
        self.limits = limits
        self.states = [State](repeating: .waiting, count: count)
    }

    /// When `timePassed` is to be called; nil when only news counts.
    var wakeNs: Int64? {
        let ends = states.compactMap { if case .running(let endNs) = $0 { endNs } else { nil } }
        return (ends + [nextAttemptNs].compactMap { $0 }).min()
    }

    /// The first step.
    mutating func begin(atNs ns: Int64) -> [DialStep] { next(atNs: ns) }

    /// TCP is up.
    mutating func connected(_ index: Int) -> [DialStep] {
        guard isRunning(index), leader == nil else { return [] }
        leader = index
        nextAttemptNs = nil
        return stopOthers(than: index, then: .waiting)
    }

    /// Everything is agreed on: the race is over.
    mutating func opened(_ index: Int) -> [DialStep] {
        guard isRunning(index) else { return [] }
        let steps = stopOthers(than: index, then: .over)
        states = [State](repeating: .over, count: states.count)
        nextAttemptNs = nil
        return steps + [.won(index)]
    }

    /// An attempt has failed.
    mutating func failed(_ index: Int, atNs ns: Int64) -> [DialStep] {
        guard isRunning(index) else { return [] }
        states[index] = .over
        if leader == index { leader = nil }
        return next(atNs: ns)
    }

    /// Time has gone by.
    mutating func timePassed(atNs ns: Int64) -> [DialStep] {
        var steps: [DialStep] = []
        for index in states.indices {
            guard case .running(let endNs) = states[index], endNs <= ns else { continue }
            states[index] = .over
            if leader == index { leader = nil }
            steps.append(.expire(index))
        }
        let isDue = nextAttemptNs.map { $0 <= ns } ?? false
        return isDue || !steps.isEmpty ? steps + next(atNs: ns) : steps
    }

    /// Tries the next address unless one leads.
    private mutating func next(atNs ns: Int64) -> [DialStep] {
        guard leader == nil else { return [] }
        nextAttemptNs = nil
        guard let index = states.firstIndex(of: .waiting) else {
            return states.allSatisfy { $0 == .over } ? [.lost] : []
        }
        states[index] = .running(endNs: ns + limits.attemptNs)
        if states.contains(.waiting) { nextAttemptNs = ns + limits.nextAttemptNs }
        return [.attempt(index)]
    }

    private mutating func stopOthers(than winner: Int, then state: State) -> [DialStep] {
        var steps: [DialStep] = []
        for index in states.indices where index != winner && isRunning(index) {
            states[index] = state
            steps.append(.close(index))
        }
        return steps
    }

    private func isRunning(_ index: Int) -> Bool {
        if case .running = states[index] { true } else { false }
    }
}
