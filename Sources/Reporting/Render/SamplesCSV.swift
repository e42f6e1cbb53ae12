import ExperimentModel
import Foundation

/// Every recorded sample as a line of `samples.csv`: times as measured, warm-up and duplicates included.
///
/// `SampleCSV` says what the columns are.
public enum SamplesCSV {
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
        var buffer = Array((SampleCSV.header + "\n").utf8)
        for block in data.blocks {
            let lanes = block.paths.flatMap { path in
                (0..<path.lanes).map { SampleCSV.lane(path: path.name, number: $0) }
            }
            let streams = block.streams.map(SampleCSV.quoted)
            for record in block.samples {
                let place = lanes.indices.contains(Int(record.lane)) ? lanes[Int(record.lane)] : ",\(record.lane)"
                let stream = Int(record.stream)
                let name = streams.indices.contains(stream) ? streams[stream] : String(stream)
                SampleCSV.append(
                    record,
                    lane: place,
                    stream: name,
                    isInWindow: isInside(record, block.window),
                    to: &buffer
                )
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
}
