import ExperimentModel

/// Lets each event of a lane pass exactly once while two of its connections overlap, whichever of them is ahead.
///
/// Within a stream the exchange's ids grow (reference: ten recorded captures, no exception), and a connection brings
/// every event from its subscription on. So from the first id of the next connection on, both bring the same; before it
/// only the old one does. What has passed is therefore a range of ids: it begins with the next connection's first id
/// and ends with the highest one that either has brought. Events of streams without growing ids are told by their
/// octets, which hold times and numbers of their own.
final class OverlapFilter {
    /// One stream's state.
    fileprivate struct Stream {
        /// The highest id of the present connection.
        var position = Int64.min
        /// Whether the last of `passed` is the range that both connections share now.
        var isShared = false
        /// What need not pass again when the present connection comes to it.
        var passed: [ClosedRange<Int64>] = []
    }

    /// The next connection's first event: once the present one has brought it too, everything before it has come.
    private enum Mark {
        case id(stream: Int, Int64)
        case payload(UInt64)
    }

    private enum Phase { case alone, overlapping, settling }

    private var phase = Phase.alone
    private var streams: [Stream]
    private let hasGrowingIDs: [Bool]
    private var payloads = PayloadCounts()
    private var mark: Mark?

    init(_ table: StreamTable) {
        // One more for events of streams that nobody asked for.
        streams = [Stream](repeating: Stream(), count: table.names.count + 1)
        hasGrowingIDs = table.hasGrowingIDs + [false]
    }

    /// Whether two connections bring events.
    var isOverlapping: Bool { phase == .overlapping }

    /// Whether the present connection has brought all that the next one has not.
    var isCaughtUp: Bool {
        switch mark {
        case .id(let stream, let id): streams[stream].position >= id
        case .payload(let hash): payloads.hasPresent(hash)
        case nil: false
        }
    }

    /// Whether the next connection has brought something.
    var hasMark: Bool { mark != nil }

    /// Whether the event has not passed before; notes that it has now.
    @inline(__always)
    func isNew(_ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, isNext: Bool) -> Bool {
        if phase == .alone {
            guard let id = message.eventID else { return true }
            if streams[message.stream].passed.isEmpty {
                // In a stream of many symbols this is no position, and nobody asks for it.
                streams[message.stream].position = id
                return true
            }
        }
        return judge(message, bytes, isNext: isNext)
    }

    @inline(never)
    private func judge(_ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, isNext: Bool) -> Bool {
        guard let id = message.eventID, hasGrowingIDs[message.stream] else {
            guard phase != .alone else { return true }
            let hash = PayloadHash.of(bytes)
            let isNew = payloads.add(hash, isNext: isNext || phase == .settling)
            if isNext, mark == nil { mark = .payload(hash) }
            return isNew
        }
        let isNew =
            isNext ? streams[message.stream].takeFromNext(id) : streams[message.stream].takeFromPresent(id)
        if isNext, mark == nil { mark = .id(stream: message.stream, id) }
        return isNew
    }

    /// A next connection is being opened.
    func begin() {
        // After another one that failed, what that one brought has still passed.
        if phase == .settling { payloads.makeNextPresent() }
        phase = .overlapping
        mark = nil
    }

    /// What the next connection brought first no longer counts: only now is it subscribed to all streams.
    func forgetMark() {
        mark = nil
    }

    /// The next connection is gone before it took over.
    func nextLost() {
        guard phase == .overlapping else { return }
        mark = nil
        for index in streams.indices { streams[index].isShared = false }
        payloads.forgetNext()
    }

    /// The next connection takes over; call `settled()` when what it has in flight must have come.
    func switchOver() {
        phase = .settling
        mark = nil
        for index in streams.indices where hasGrowingIDs[index] { streams[index].takeOver() }
    }

    /// Events without growing ids cannot come twice any more.
    func settled() {
        guard phase == .settling else { return }
        phase = .alone
        payloads = PayloadCounts()
    }

    /// A connection that was opened after the last one had ended: it brings nothing that has come before.
    func startAfresh() {
        phase = .alone
        mark = nil
        payloads = PayloadCounts()
        for index in streams.indices { streams[index] = Stream() }
    }
}

extension OverlapFilter.Stream {
    /// An event of the present connection.
    fileprivate mutating func takeFromPresent(_ id: Int64) -> Bool {
        position = max(position, id)
        if isShared, let last = passed.indices.last {
            if passed[last].contains(id) { return false }
            if id > passed[last].upperBound {
                // The next connection will bring it too.
                passed[last] = passed[last].lowerBound...id
            }
            return !passed.dropLast().contains { $0.contains(id) }
        }
        let isNew = !passed.contains { $0.contains(id) }
        passed.removeAll { $0.upperBound <= id }
        return isNew
    }

    /// An event of the next connection.
    fileprivate mutating func takeFromNext(_ id: Int64) -> Bool {
        guard isShared, let last = passed.indices.last else {
            isShared = true
            // Its first: what the present connection has brought of this id and those after it has passed.
            let isNew = id > position && !passed.contains { $0.contains(id) }
            passed.append(id...max(id, position))
            return isNew
        }
        guard id > passed[last].upperBound else { return false }
        passed[last] = passed[last].lowerBound...id
        return !passed.dropLast().contains { $0.contains(id) }
    }

    /// The next connection becomes the present one.
    fileprivate mutating func takeOver() {
        let highest = passed.reduce(position) { max($0, $1.upperBound) }
        isShared = false
        position = highest
        passed = highest == Int64.min ? [] : [Int64.min...highest]
    }
}

/// How often each message without a growing id came on either connection: it passes as often as on the one that brought
/// it more often.
private struct PayloadCounts {
    /// So that nobody's memory fills up: beyond, only the present connection's events pass.
    private static let limit = 100_000

    private struct Count {
        var present = 0
        var next = 0
        var passed = 0
    }

    private var counts: [UInt64: Count] = [:]

    func hasPresent(_ hash: UInt64) -> Bool { (counts[hash]?.present ?? 0) > 0 }

    /// Counts one message; whether it has to pass.
    mutating func add(_ hash: UInt64, isNext: Bool) -> Bool {
        guard counts.count < Self.limit || counts[hash] != nil else { return !isNext }
        var count = counts[hash] ?? Count()
        if isNext { count.next += 1 } else { count.present += 1 }
        let isNew = (isNext ? count.next : count.present) > count.passed
        if isNew { count.passed += 1 }
        counts[hash] = count
        return isNew
    }

    /// Another connection will be the next one; what this one brought has passed all the same.
    mutating func forgetNext() {
        for hash in counts.keys { counts[hash]?.next = 0 }
    }

    /// The next connection has become the present one.
    mutating func makeNextPresent() {
        for (hash, count) in counts {
            counts[hash]?.present = count.next
            counts[hash]?.next = 0
        }
    }
}
