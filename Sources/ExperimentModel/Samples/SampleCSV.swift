/// The lines of `samples.csv`: the first design's columns, then what else is known of a sample.
///
/// A receive time's source is `kernel`, or `user` where the kernel gives none; a host's own delay is the time from the kernel's
/// receive time to the program's read. Event times are milliseconds as the exchange gave them; all other times nanoseconds since 1970 UTC; empty where there is
/// none. Lines end with a line feed. Names with commas or quotes are quoted as RFC 4180 says.
public enum SampleCSV {
    /// The first line, without its end.
    public static let header =
        "sequence_id,binance_event_time,tokyo_receive_time,frankfurt_receive_time,end_to_end_latency_ms,"
        + "backbone_latency_ms,path,lane,stream,update_id,tokyo_send_time,in_window,"
        + "tokyo_time_source,tokyo_host_delay_ms,frankfurt_time_source,frankfurt_host_delay_ms"

    /// Appends one sample's line with its end.
    ///
    /// - Parameters:
    ///   - sample: the sample.
    ///   - lane: the path's name and the lane's number, from `lane(path:number:)`.
    ///   - stream: the stream's name, from `quoted(_:)`.
    ///   - isInWindow: whether it counts.
    ///   - output: where the line goes.
    public static func append(
        _ sample: SampleRecord,
        lane: String,
        stream: String,
        isInWindow: Bool,
        to output: inout [UInt8]
    ) {
        let hasEventTime = sample.eventTimeNs != SampleRecord.absent
        let hasSource = sample.sourceNs != SampleRecord.absent
        append(String(sample.sequence), to: &output)
        append(hasEventTime ? eventTime(sample.eventTimeNs) : "", to: &output)
        append(time(sample.sourceNs), to: &output)
        append(time(sample.arrivalNs), to: &output)
        append(hasEventTime ? milliseconds(sample.arrivalNs - sample.eventTimeNs) : "", to: &output)
        append(hasSource ? milliseconds(sample.arrivalNs - sample.sourceNs) : "", to: &output)
        append(lane, to: &output)
        append(stream, to: &output)
        append(String(sample.updateID), to: &output)
        append(time(sample.sourceSendNs), to: &output)
        append(isInWindow ? "true" : "false", to: &output)
        append(sample.sourceSource?.rawValue ?? "", to: &output)
        append(sample.sourceHostDelayNs.map(milliseconds) ?? "", to: &output)
        append(sample.arrivalSource.rawValue, to: &output)
        output.append(contentsOf: (sample.hostDelayNs.map(milliseconds) ?? "").utf8)
        output.append(UInt8(ascii: "\n"))
    }

    /// The two fields that name a lane.
    public static func lane(path: String, number: Int) -> String { "\(quoted(path)),\(number)" }

    private static func append(_ field: String, to output: inout [UInt8]) {
        output.append(contentsOf: field.utf8)
        output.append(UInt8(ascii: ","))
    }

    private static func time(_ ns: Int64) -> String { ns == SampleRecord.absent ? "" : String(ns) }

    /// Whole milliseconds where the exchange gave no more.
    private static func eventTime(_ ns: Int64) -> String {
        ns % 1_000_000 == 0 ? String(ns / 1_000_000) : milliseconds(ns)
    }

    /// Nanoseconds as milliseconds with all six decimals, exact.
    public static func milliseconds(_ ns: Int64) -> String {
        let digits = String(ns.magnitude)
        let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        return (ns < 0 ? "-" : "") + padded.dropLast(6) + "." + padded.suffix(6)
    }

    /// A field as RFC 4180 wants it.
    public static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        var result = "\""
        for character in text {
            if character == "\"" { result.append("\"") }
            result.append(character)
        }
        return result + "\""
    }
}
