import LatencyStatistics

/// Bursty events and their ways over lanes, of which each keeps the order, as TCP does.
struct LargeFeed {
    /// One event.
    struct Event {
        var number: Int
        var updateID: Int64
        var sentNs: Int64
    }

    /// When an event came where, on a lane.
    struct Way {
        /// From the exchange to the forwarder.
        var feedNs: Int64
        /// On the receiver's clock, from the start.
        var arrivalNs: Int64
    }

    private struct Lane {
        var generator: SplitMix64
        var level = 0.0
        var lastNs: Int64 = 0
        var waiting: [(event: Event, way: Way)] = []
        var next = 0
    }

    private let eventsPerSecond: Double
    private var generator = SplitMix64(seed: 1)
    private var lanes: [Lane]

    init(lanes: Int, eventsPerSecond: Double) {
        self.eventsPerSecond = eventsPerSecond
        self.lanes = (0..<lanes).map { Lane(generator: SplitMix64(seed: 100 + UInt64($0))) }
    }

    /// Calls `body` with each event, its lane and its way, in the order of arrival.
    mutating func forEachArrival(events: Int, _ body: (Event, Int, Way) throws -> Void) throws {
        var sentAtNs = 1e9
        var updateID: Int64 = 9_000_000_000_000
        for number in 0..<events {
            let gap = generator.unit() < 0.8 ? 0.4 : 3.4
            sentAtNs += gap * generator.unit() * 2e9 / eventsPerSecond
            updateID += 1 + Int64(generator.unit() * 9)
            let event = Event(number: number, updateID: updateID, sentNs: Int64(sentAtNs))
            for lane in lanes.indices { send(event, lane) }
            try emit(upTo: Int64(sentAtNs), body)
        }
        try emit(upTo: .max, body)
    }

    private mutating func send(_ event: Event, _ number: Int) {
        let isDirect = number < lanes.count / 2
        // An autoregression, now and then with a long tail, and once in a million a stall of seconds.
        let noise = lanes[number].generator.unit() - 0.5
        lanes[number].level = 0.7 * lanes[number].level + noise
        var tail = lanes[number].generator.unit() < 0.01 ? 4 * lanes[number].generator.unit() : 0
        if lanes[number].generator.unit() < 1e-6 { tail += 5_000 }
        let level = lanes[number].level
        let feedMs = isDirect ? 0 : 0.5 + 0.02 * level * level
        let delayMs =
            (isDirect ? 118 : 112.5) + 0.06 * Double(number) + (1 + level * level + tail) * (isDirect ? 0.6 : 0.2)
        let arrivalNs = max(lanes[number].lastNs + 1_000, event.sentNs + Int64(delayMs * 1e6))
        lanes[number].lastNs = arrivalNs
        lanes[number].waiting.append((event, Way(feedNs: Int64(feedMs * 1e6), arrivalNs: arrivalNs)))
    }

    /// Hands over what has arrived, in the order of time, while each lane still has something to compare with.
    private mutating func emit(upTo nowNs: Int64, _ body: (Event, Int, Way) throws -> Void) throws {
        while true {
            var soonest: (lane: Int, ns: Int64)?
            for lane in lanes.indices {
                guard lanes[lane].next < lanes[lane].waiting.count else { continue }
                let ns = lanes[lane].waiting[lanes[lane].next].way.arrivalNs
                if ns < soonest?.ns ?? .max { soonest = (lane, ns) }
            }
            // What is sent later arrives later.
            guard let soonest, soonest.ns <= nowNs else { return }
            let found = lanes[soonest.lane].waiting[lanes[soonest.lane].next]
            lanes[soonest.lane].next += 1
            if lanes[soonest.lane].next == 4_096 {
                lanes[soonest.lane].waiting.removeFirst(4_096)
                lanes[soonest.lane].next = 0
            }
            try body(found.event, soonest.lane, found.way)
        }
    }
}
