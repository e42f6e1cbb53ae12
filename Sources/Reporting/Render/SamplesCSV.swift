import ExperimentModel
import Foundation

/// Every recorded sample as a line of `samples.csv`: times as measured, warm-up and duplicates included.
///
/// Event times are milliseconds as the exchange gave them; all other times nanoseconds since 1970 UTC; empty where there
/// is none. Lines end with a line feed.
public enum SamplesCSV {
    /// The first line.
    public static let header =
        "sequence_id,binance_event_time,tokyo_receive_time,frankfurt_receive_time,end_to_end_latency_ms,"
        + "backbone_latency_ms,path,lane,stream,update_id,tokyo_send_time,in_window"

    /// How much is written at once.
    private static let chunkBytes = 1 << 20

    /// Writes the run's samples to `file`, a piece at a time, over what was there.
    ///
    /// - Throws: `ReportingError` `unwritable`.
    public static func write(_ data: RunData, to file: URL) throws {
        let temporary = file.appendingPathExtension("part")
        do {
            try Data().write(to: temporary)
            let handle = try FileHandle(forWritingTo: temporary)
            defer { try? handle.close() }
            try render(data) { try handle.write(contentsOf: Data($0)) }
            _ = try? FileManager.default.removeItem(at: file)
            try FileManager.default.moveItem(at: temporary, to: file)
        } catch {
            throw ReportingError(.unwritable, "cannot write \(file.path): \(error.localizedDescription)", cause: error)
        }
    }

    /// The run's samples as one text; for small runs.
    public static func text(_ data: RunData) -> String {
        var bytes: [UInt8] = []
        render(data) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func render<Failure: Error>(
        _ data: RunData,
        _ emit: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var buffer = Array((header + "\n").utf8)
        for block in data.blocks {
            let lanes = block.paths.flatMap { path in (0..<path.lanes).map { "\(field(path.name)),\($0)," } }
            let streams = block.streams.map(field)
            for record in block.samples {
                let place = lanes.indices.contains(Int(record.lane)) ? lanes[Int(record.lane)] : ",\(record.lane),"
                let stream = Int(record.stream)
                let name = streams.indices.contains(stream) ? streams[stream] : String(stream)
                append(record, place, name, isInside(record, block.window), to: &buffer)
                if buffer.count >= chunkBytes {
                    try emit(buffer)
                    buffer.removeAll(keepingCapacity: true)
                }
            }
        }
        try emit(buffer)
    }

    private static func isInside(_ record: SampleRecord, _ window: MeasuredWindow?) -> Bool {
        guard let window else { return false }
        let arrivalNs = record.arrivalOnMonotonicNs
        return arrivalNs >= window.start.monotonicNs && arrivalNs < window.end.monotonicNs
    }

    private static func append(
        _ record: SampleRecord,
        _ place: String,
        _ stream: String,
        _ isInside: Bool,
        to buffer: inout [UInt8]
    ) {
        let comma = UInt8(ascii: ",")
        append(String(record.sequence), to: &buffer)
        buffer.append(comma)
        if record.eventTimeNs != SampleRecord.absent {
            let (whole, rest) = record.eventTimeNs.quotientAndRemainder(dividingBy: 1_000_000)
            append(rest == 0 ? String(whole) : milliseconds(record.eventTimeNs), to: &buffer)
        }
        buffer.append(comma)
        appendTime(record.sourceNs, to: &buffer)
        appendTime(record.arrivalNs, to: &buffer)
        if let ns = Metric.endToEnd.ns(of: record) { append(milliseconds(ns), to: &buffer) }
        buffer.append(comma)
        if let ns = Metric.backbone.ns(of: record) { append(milliseconds(ns), to: &buffer) }
        buffer.append(comma)
        append(place, to: &buffer)
        append(stream, to: &buffer)
        buffer.append(comma)
        append(String(record.updateID), to: &buffer)
        buffer.append(comma)
        appendTime(record.sourceSendNs, to: &buffer)
        append(isInside ? "true\n" : "false\n", to: &buffer)
    }

    private static func appendTime(_ ns: Int64, to buffer: inout [UInt8]) {
        if ns != SampleRecord.absent { append(String(ns), to: &buffer) }
        buffer.append(UInt8(ascii: ","))
    }

    private static func append(_ text: String, to buffer: inout [UInt8]) { buffer.append(contentsOf: text.utf8) }

    /// Milliseconds with six decimals, exactly.
    private static func milliseconds(_ ns: Int64) -> String {
        let digits = String(ns.magnitude)
        let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        return (ns < 0 ? "-" : "") + padded.dropLast(6) + "." + padded.suffix(6)
    }

    private static func field(_ text: String) -> String {
        CSVReport.encode([[text]]).replacing("\r\n", with: "")
    }
}
