/// The lines of `samples.csv`: the first design's columns, then what else is known of a sample.
///
/// Times are nanoseconds since 1970 UTC, but the exchange's event time, which stays in its own milliseconds. A value that is not
/// there is empty. Names with commas or quotes are quoted as RFC 4180 says.
public enum SampleCSV {
    /// The first line, without its end.
    public static let header =
        "sequence_id,binance_event_time,tokyo_receive_time,frankfurt_receive_time,end_to_end_latency_ms,"
        + "backbone_latency_ms,path,lane,stream,update_id,tokyo_send_time,in_window"

    /// Appends one sample's line with its end (CR LF).
    public static func append(
        _ sample: SampleRecord,
        path: String,
        lane: Int,
        stream: String,
        isInWindow: Bool,
        to output: inout [UInt8]
    ) {
        let source = sample.sourceNs
        let arrival = sample.arrivalNs
        let hasEventTime = sample.eventTimeNs != SampleRecord.absent
        let hasSource = source != SampleRecord.absent
        let fields = [
            String(sample.sequence),
            hasEventTime ? String(sample.eventTimeNs / 1_000_000) : "",
            hasSource ? String(source) : "",
            String(arrival),
            hasEventTime ? milliseconds(arrival - sample.eventTimeNs) : "",
            hasSource ? milliseconds(arrival - source) : "",
            quoted(path),
            String(lane),
            quoted(stream),
            String(sample.updateID),
            sample.sourceSendNs != SampleRecord.absent ? String(sample.sourceSendNs) : "",
            isInWindow ? "1" : "0",
        ]
        output.append(contentsOf: fields.joined(separator: ",").utf8)
        output.append(contentsOf: [13, 10])
    }

    /// Nanoseconds as milliseconds with all six decimals, exact.
    public static func milliseconds(_ ns: Int64) -> String {
        let magnitude = ns.magnitude
        let decimals = String(magnitude % 1_000_000)
        let padding = String(repeating: "0", count: 6 - decimals.count)
        return "\(ns < 0 ? "-" : "")\(magnitude / 1_000_000).\(padding)\(decimals)"
    }

    /// A field as RFC 4180 wants it.
    public static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }) else {
            return text
        }
        var result = "\""
        for character in text {
            if character == "\"" { result.append("\"") }
            result.append(character)
        }
        return result + "\""
    }
}
