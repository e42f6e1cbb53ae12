/// What the results of an agent that was started by hand say beside the first design's figures.
///
/// They stand in the same JSON object; each key is always there, null where there is nothing to say.
public struct ByHandFigures: Codable, Hashable, Sendable {
    /// Events in the window, however many lanes brought each.
    public var distinctEvents = 0
    /// Messages of the exchange that could not be used; on a relayed path the forwarder's, nil when it said no goodbye.
    public var invalidCount: Int?
    /// Samples of all paths that could not be written: the figures are without them.
    public var samplesNotWritten = 0
    /// Whether the run ended by itself; false for what `latexp-agent results` found of a killed one.
    public var isEnded = true
    /// The signal that ended it before its time: `SIGINT` or `SIGTERM`; nil without one.
    public var stoppedBy: String?
    /// How long was to be measured, seconds.
    public var plannedSeconds = 0.0
    /// How long this path was measured, seconds; nil without a window.
    public var measuredSeconds: Double?
    /// The first moment of this path's window, receiver's clock, UTC in ISO 8601.
    public var windowStart: String?
    /// The first moment after it.
    public var windowEnd: String?
    /// Events at the start that had waited in the forwarder for the relay, or behind such: not in the window.
    public var eventsLeftOut = 0
    /// Events in the window that had waited more than 10 ms in the forwarder's buffer; nil on a direct path.
    public var eventsWaited: Int?
    /// From the forwarder's send to the arrival; nothing on a direct path.
    public var sendToArrival = LatencyFigures()
    /// How often the path's connections were lost in the window: the exchange's, or on a relayed path the relay's.
    public var reconnections = 0
    /// How long in the window a lane of the path had no connection, all lanes together, seconds.
    public var secondsWithoutConnection = 0.0
    /// On a relayed path how often the forwarder lost its connection to the exchange, from its start to its goodbye.
    public var feedReconnections: Int?
    /// How often another forwarder was refused because one was connected, all paths together.
    public var forwardersRefused = 0
    /// End-to-end latencies below zero by more than the clock's bound, which no event can have.
    public var delaysBelowZero = 0
    /// The receiver's clock.
    public var clock = ByHandClock()

    /// Nothing known yet.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case distinctEvents = "distinct_events"
        case invalidCount = "invalid_count"
        case samplesNotWritten = "samples_not_written"
        case isEnded = "run_ended"
        case stoppedBy = "stopped_by"
        case plannedSeconds = "planned_seconds"
        case measuredSeconds = "measured_seconds"
        case windowStart = "window_start"
        case windowEnd = "window_end"
        case eventsLeftOut = "events_left_out"
        case eventsWaited = "events_waited"
        case sendToArrivalMedianMs = "send_to_arrival_median_ms"
        case sendToArrivalP95Ms = "send_to_arrival_p95_ms"
        case sendToArrivalP99Ms = "send_to_arrival_p99_ms"
        case sendToArrivalMaximumMs = "send_to_arrival_max_ms"
        case reconnections
        case secondsWithoutConnection = "seconds_without_connection"
        case feedReconnections = "feed_reconnections"
        case forwardersRefused = "forwarders_refused"
        case delaysBelowZero = "delays_below_zero"
        case clock
    }

    /// Reads what `encode` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        distinctEvents = try container.decode(Int.self, forKey: .distinctEvents)
        invalidCount = try container.decodeIfPresent(Int.self, forKey: .invalidCount)
        samplesNotWritten = try container.decode(Int.self, forKey: .samplesNotWritten)
        isEnded = try container.decode(Bool.self, forKey: .isEnded)
        stoppedBy = try container.decodeIfPresent(String.self, forKey: .stoppedBy)
        plannedSeconds = try container.decode(Double.self, forKey: .plannedSeconds)
        measuredSeconds = try container.decodeIfPresent(Double.self, forKey: .measuredSeconds)
        windowStart = try container.decodeIfPresent(String.self, forKey: .windowStart)
        windowEnd = try container.decodeIfPresent(String.self, forKey: .windowEnd)
        eventsLeftOut = try container.decode(Int.self, forKey: .eventsLeftOut)
        eventsWaited = try container.decodeIfPresent(Int.self, forKey: .eventsWaited)
        sendToArrival.medianMs = try container.decodeIfPresent(Double.self, forKey: .sendToArrivalMedianMs)
        sendToArrival.p95Ms = try container.decodeIfPresent(Double.self, forKey: .sendToArrivalP95Ms)
        sendToArrival.p99Ms = try container.decodeIfPresent(Double.self, forKey: .sendToArrivalP99Ms)
        sendToArrival.maximumMs = try container.decodeIfPresent(Double.self, forKey: .sendToArrivalMaximumMs)
        reconnections = try container.decode(Int.self, forKey: .reconnections)
        secondsWithoutConnection = try container.decode(Double.self, forKey: .secondsWithoutConnection)
        feedReconnections = try container.decodeIfPresent(Int.self, forKey: .feedReconnections)
        forwardersRefused = try container.decode(Int.self, forKey: .forwardersRefused)
        delaysBelowZero = try container.decode(Int.self, forKey: .delaysBelowZero)
        clock = try container.decode(ByHandClock.self, forKey: .clock)
    }

    /// Writes every key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(distinctEvents, forKey: .distinctEvents)
        try container.encode(invalidCount, forKey: .invalidCount)
        try container.encode(samplesNotWritten, forKey: .samplesNotWritten)
        try container.encode(isEnded, forKey: .isEnded)
        try container.encode(stoppedBy, forKey: .stoppedBy)
        try container.encode(plannedSeconds, forKey: .plannedSeconds)
        try container.encode(measuredSeconds, forKey: .measuredSeconds)
        try container.encode(windowStart, forKey: .windowStart)
        try container.encode(windowEnd, forKey: .windowEnd)
        try container.encode(eventsLeftOut, forKey: .eventsLeftOut)
        try container.encode(eventsWaited, forKey: .eventsWaited)
        try container.encode(sendToArrival.medianMs, forKey: .sendToArrivalMedianMs)
        try container.encode(sendToArrival.p95Ms, forKey: .sendToArrivalP95Ms)
        try container.encode(sendToArrival.p99Ms, forKey: .sendToArrivalP99Ms)
        try container.encode(sendToArrival.maximumMs, forKey: .sendToArrivalMaximumMs)
        try container.encode(reconnections, forKey: .reconnections)
        try container.encode(secondsWithoutConnection, forKey: .secondsWithoutConnection)
        try container.encode(feedReconnections, forKey: .feedReconnections)
        try container.encode(forwardersRefused, forKey: .forwardersRefused)
        try container.encode(delaysBelowZero, forKey: .delaysBelowZero)
        try container.encode(clock, forKey: .clock)
    }
}

/// What is known of the receiver's clock over a run, in `clock` of the results of an agent by hand.
public struct ByHandClock: Codable, Hashable, Sendable {
    /// The greatest bound on its error that chrony gave, milliseconds; nil when it gave none that counts.
    public var boundMs: Double?
    /// The time source that chrony follows; nil without one.
    public var source: String?
    /// Why there is no bound, or nil.
    public var failure: String?

    /// What is known; nothing, with no arguments.
    public init(boundMs: Double? = nil, source: String? = nil, failure: String? = nil) {
        self.boundMs = boundMs
        self.source = source
        self.failure = failure
    }

    /// What readings of a run say: the worst bound, or the newest reason why there is none.
    public init(_ readings: [ClockReading]) {
        guard !readings.isEmpty else {
            self.init(failure: "no reading of the clock was written")
            return
        }
        self.init()
        for reading in readings {
            source = reading.tracking?.referenceName ?? source
            switch ClockVerdict.judge(reading, maxError: .seconds(86_400)) {
            case .good(let seconds): boundMs = max(boundMs ?? 0, seconds * 1_000)
            case .bad(let reason): failure = reason
            }
        }
        if failure != nil { boundMs = nil }
    }

    enum CodingKeys: String, CodingKey {
        case boundMs = "bound_ms"
        case source
        case failure
    }

    /// Writes every key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(boundMs, forKey: .boundMs)
        try container.encode(source, forKey: .source)
        try container.encode(failure, forKey: .failure)
    }
}
