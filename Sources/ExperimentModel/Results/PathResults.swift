/// One path's results in `results-<path>.json`, in the form of the first design, whose names others' programs know.
///
/// Latencies are in milliseconds. A value is null where it cannot be had: `end-to-end` without event times, `backbone` on a
/// direct path.
public struct PathResults: Codable, Hashable, Sendable {
    /// `baseline` or `aws-backbone`.
    public var setupType: String
    /// The path's name.
    public var path: String
    /// Samples in the measured window.
    public var sampleCount: Int
    /// Missing sequence ids; nil where what was lost cannot be known: by hand, when a direct path's connection broke.
    public var eventsLost: Int?
    /// Mean of the end-to-end latency (exchange's event time to arrival).
    public var averageLatencyMs: Double?
    /// Median of the same.
    public var medianLatencyMs: Double?
    /// 95th percentile of the same.
    public var p95LatencyMs: Double?
    /// 99th percentile of the same.
    public var p99LatencyMs: Double?
    /// Least of the same; negative values are kept.
    public var minimumLatencyMs: Double?
    /// Greatest of the same.
    public var maximumLatencyMs: Double?
    /// Standard deviation of the same.
    public var jitterStandardDeviationMs: Double?
    /// Mean of the latency from the forwarder's receive time to arrival.
    public var backboneAverageLatencyMs: Double?
    /// Median of the same.
    public var backboneMedianLatencyMs: Double?
    /// Median of the receiver's own delay, from the kernel's receive time to the program's read; it is not in the latencies.
    public var hostDelayMedianMs: Double?
    /// 99th percentile of the same.
    public var hostDelayP99Ms: Double?
    /// Greatest of the same.
    public var hostDelayMaximumMs: Double?
    /// Where arrival times came from: `kernel`, `user` (then the host's own delay is in the latencies), or `mixed`; nil without
    /// samples.
    public var receiveTimeSource: String?
    /// What must be known to read the figures rightly, for example why end-to-end values are null; nil without any such.
    public var note: String?
    /// What an agent by hand has to say beside; nil in a run's report.
    public var byHand: ByHandFigures?

    /// Results from their parts.
    ///
    /// - Parameters:
    ///   - endToEnd: from the exchange's event time to arrival.
    ///   - backbone: from the forwarder's receive time to arrival.
    ///   - hostDelay: from the kernel's receive time to the program's read.
    public init(
        setupType: String,
        path: String,
        sampleCount: Int,
        eventsLost: Int?,
        endToEnd: LatencyFigures,
        backbone: LatencyFigures,
        hostDelay: LatencyFigures
    ) {
        self.setupType = setupType
        self.path = path
        self.sampleCount = sampleCount
        self.eventsLost = eventsLost
        averageLatencyMs = endToEnd.averageMs
        medianLatencyMs = endToEnd.medianMs
        p95LatencyMs = endToEnd.p95Ms
        p99LatencyMs = endToEnd.p99Ms
        minimumLatencyMs = endToEnd.minimumMs
        maximumLatencyMs = endToEnd.maximumMs
        jitterStandardDeviationMs = endToEnd.standardDeviationMs
        backboneAverageLatencyMs = backbone.averageMs
        backboneMedianLatencyMs = backbone.medianMs
        hostDelayMedianMs = hostDelay.medianMs
        hostDelayP99Ms = hostDelay.p99Ms
        hostDelayMaximumMs = hostDelay.maximumMs
    }

    enum CodingKeys: String, CodingKey {
        case setupType = "setup_type"
        case path
        case sampleCount = "sample_count"
        case eventsLost = "events_lost"
        case averageLatencyMs = "avg_latency_ms"
        case medianLatencyMs = "median_latency_ms"
        case p95LatencyMs = "p95_latency_ms"
        case p99LatencyMs = "p99_latency_ms"
        case minimumLatencyMs = "min_latency_ms"
        case maximumLatencyMs = "max_latency_ms"
        case jitterStandardDeviationMs = "jitter_stddev_ms"
        case backboneAverageLatencyMs = "backbone_avg_latency_ms"
        case backboneMedianLatencyMs = "backbone_median_latency_ms"
        case hostDelayMedianMs = "host_delay_median_ms"
        case hostDelayP99Ms = "host_delay_p99_ms"
        case hostDelayMaximumMs = "host_delay_max_ms"
        case receiveTimeSource = "receive_time_source"
        case note
    }

    /// Writes every field of the first design, null where there is no value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(setupType, forKey: .setupType)
        try container.encode(path, forKey: .path)
        try container.encode(sampleCount, forKey: .sampleCount)
        try container.encode(eventsLost, forKey: .eventsLost)
        try container.encode(averageLatencyMs, forKey: .averageLatencyMs)
        try container.encode(medianLatencyMs, forKey: .medianLatencyMs)
        try container.encode(p95LatencyMs, forKey: .p95LatencyMs)
        try container.encode(p99LatencyMs, forKey: .p99LatencyMs)
        try container.encode(minimumLatencyMs, forKey: .minimumLatencyMs)
        try container.encode(maximumLatencyMs, forKey: .maximumLatencyMs)
        try container.encode(jitterStandardDeviationMs, forKey: .jitterStandardDeviationMs)
        try container.encode(backboneAverageLatencyMs, forKey: .backboneAverageLatencyMs)
        try container.encode(backboneMedianLatencyMs, forKey: .backboneMedianLatencyMs)
        try container.encode(hostDelayMedianMs, forKey: .hostDelayMedianMs)
        try container.encode(hostDelayP99Ms, forKey: .hostDelayP99Ms)
        try container.encode(hostDelayMaximumMs, forKey: .hostDelayMaximumMs)
        try container.encode(receiveTimeSource, forKey: .receiveTimeSource)
        try container.encodeIfPresent(note, forKey: .note)
        // Into the same object.
        try byHand?.encode(to: encoder)
    }
}
