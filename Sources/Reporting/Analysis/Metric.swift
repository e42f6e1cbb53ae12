import ExperimentModel

/// A time between two moments of one event's way, in nanoseconds.
public enum Metric: String, Codable, CaseIterable, Sendable {
    /// From the exchange's event time to the arrival.
    case endToEnd = "end_to_end"
    /// From the forwarder's receive time to the arrival.
    case backbone
    /// From the exchange's event time to the forwarder's receive time.
    case feedLeg = "feed_leg"
    /// Inside the forwarder: from its receive time to just before it sends.
    case residence
    /// Inside the forwarder's host: from the kernel's receive time to the moment the forwarder had read the data.
    case forwarderHostDelay = "forwarder_host_delay"
    /// Inside the receiver: from the kernel's receive time to the moment the program had read the data.
    case hostDelay = "host_delay"

    /// The metric of one record; nil when one of its two moments is absent.
    ///
    /// Nothing is clamped: a negative value is kept and counted.
    public func ns(of record: SampleRecord) -> Int64? {
        switch self {
        case .endToEnd: Self.difference(record.arrivalNs, record.eventTimeNs)
        case .backbone: Self.difference(record.arrivalNs, record.sourceNs)
        case .feedLeg: Self.difference(record.sourceNs, record.eventTimeNs)
        case .residence: Self.difference(record.sourceSendNs, record.sourceNs)
        case .forwarderHostDelay: record.sourceHostDelayNs
        case .hostDelay: record.hostDelayNs
        }
    }

    /// The later moment minus the earlier; nil when one is absent, or so wild that the difference does not fit.
    private static func difference(_ later: Int64, _ earlier: Int64) -> Int64? {
        guard later != SampleRecord.absent, earlier != SampleRecord.absent else { return nil }
        let (value, overflow) = later.subtractingReportingOverflow(earlier)
        return overflow ? nil : value
    }

    /// The name that reports use.
    public var title: String {
        switch self {
        case .endToEnd: "end to end"
        case .backbone: "relay leg"
        case .feedLeg: "feed leg"
        case .residence: "in forwarder"
        case .forwarderHostDelay: "kernel to forwarder"
        case .hostDelay: "in receiver"
        }
    }

    /// What the name means, for the reader of a report.
    public var meaning: String {
        switch self {
        case .endToEnd: "exchange's event time to arrival"
        case .backbone: "forwarder's receive time to arrival"
        case .feedLeg: "exchange's event time to the forwarder's receive time"
        case .residence: "forwarder's receive time to its send"
        case .forwarderHostDelay: "kernel's receive time to the forwarder's read"
        case .hostDelay: "kernel's receive time to the program's read"
        }
    }
}
