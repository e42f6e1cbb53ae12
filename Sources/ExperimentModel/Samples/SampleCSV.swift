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
        let names = lane.utf8.count + stream.utf8.count
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: mostOctets + names) { buffer in
            guard let base = buffer.baseAddress else { return }
            var line = CSVLine(next: base)
            line.add(sample, lane: lane, stream: stream, isInWindow: isInWindow)
            output.append(contentsOf: UnsafeBufferPointer(start: base, count: line.next - base))
        }
    }

    /// The most octets of a line without the names in it: sixteen fields of at most 21 characters and a comma.
    private static let mostOctets = 16 * 22

    /// The two fields that name a lane.
    public static func lane(path: String, number: Int) -> String { "\(quoted(path)),\(number)" }

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

/// One line as it is written, octet by octet: a long run has millions.
private struct CSVLine {
    /// Where the next octet goes.
    var next: UnsafeMutablePointer<UInt8>

    mutating func add(_ sample: SampleRecord, lane: String, stream: String, isInWindow: Bool) {
        number(sample.sequence)
        comma()
        let hasEventTime = sample.eventTimeNs != SampleRecord.absent
        if hasEventTime { eventTime(sample.eventTimeNs) }
        comma()
        time(sample.sourceNs)
        comma()
        time(sample.arrivalNs)
        comma()
        if hasEventTime { milliseconds(sample.arrivalNs &- sample.eventTimeNs) }
        comma()
        if sample.sourceNs != SampleRecord.absent { milliseconds(sample.arrivalNs &- sample.sourceNs) }
        comma()
        text(lane)
        comma()
        text(stream)
        comma()
        number(sample.updateID)
        comma()
        time(sample.sourceSendNs)
        comma()
        text(isInWindow ? "true" : "false")
        comma()
        text(sample.sourceSource?.rawValue ?? "")
        comma()
        if let delay = sample.sourceHostDelayNs { milliseconds(delay) }
        comma()
        text(sample.arrivalSource.rawValue)
        comma()
        if let delay = sample.hostDelayNs { milliseconds(delay) }
        octet(UInt8(ascii: "\n"))
    }

    private mutating func octet(_ value: UInt8) {
        next.pointee = value
        next += 1
    }

    private mutating func comma() { octet(UInt8(ascii: ",")) }

    private mutating func text(_ text: String) {
        for value in text.utf8 { octet(value) }
    }

    private mutating func time(_ ns: Int64) {
        if ns != SampleRecord.absent { number(ns) }
    }

    /// Whole milliseconds where the exchange gave no more.
    private mutating func eventTime(_ ns: Int64) {
        if ns % 1_000_000 == 0 { number(ns / 1_000_000) } else { milliseconds(ns) }
    }

    private mutating func number(_ value: Int64) {
        if value < 0 { octet(UInt8(ascii: "-")) }
        number(value.magnitude)
    }

    private mutating func number(_ value: UInt64) {
        var count = 1
        var rest = value / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        digits(value, count)
    }

    /// The last digits of a number, with leading zeros.
    private mutating func digits(_ value: UInt64, _ count: Int) {
        var rest = value
        var place = count
        while place > 0 {
            place -= 1
            next[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        next += count
    }

    private mutating func milliseconds(_ ns: Int64) {
        if ns < 0 { octet(UInt8(ascii: "-")) }
        number(ns.magnitude / 1_000_000)
        octet(UInt8(ascii: "."))
        digits(ns.magnitude % 1_000_000, 6)
    }
}
