import ExperimentModel
import Foundation

/// Every recorded sample as a line of `samples.csv`: times as measured, warm-up and duplicates included.
///
/// `SampleCSV` says what the columns are.
public enum SamplesCSV {
    /// The records of one piece, and how many pieces are made at a time.
    private static let pieceRecords = 8_192
    private static let piecesAtOnce = 8

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
        try emit(Array((SampleCSV.header + "\n").utf8))
        for block in data.blocks {
            let lanes = block.paths.flatMap { path in
                (0..<path.lanes).map { SampleCSV.lane(path: path.name, number: $0) }
            }
            let streams = block.streams.map(SampleCSV.quoted)
            let pieces = stride(from: 0, to: block.samples.count, by: pieceRecords).map {
                $0..<min(block.samples.count, $0 + pieceRecords)
            }
            for first in stride(from: 0, to: pieces.count, by: piecesAtOnce) {
                let some = pieces[first..<min(pieces.count, first + piecesAtOnce)]
                let texts = Parallel.map(some.count) { index in
                    text(of: some[some.startIndex + index], block, lanes, streams)
                }
                for text in texts { try emit(text) }
            }
        }
    }

    private static func text(
        of records: Range<Int>,
        _ block: BlockData,
        _ lanes: [String],
        _ streams: [String]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * 256)
        block.samples.forEach(in: records) { record in
            let place = lanes.indices.contains(Int(record.lane)) ? lanes[Int(record.lane)] : ",\(record.lane)"
            let stream = Int(record.stream)
            let name = streams.indices.contains(stream) ? streams[stream] : String(stream)
            SampleCSV.append(
                record,
                lane: place,
                stream: name,
                isInWindow: isInside(record, block.window),
                to: &bytes
            )
        }
        return bytes
    }

    private static func isInside(_ record: SampleRecord, _ window: MeasuredWindow?) -> Bool {
        guard let window else { return false }
        let arrivalNs = record.arrivalOnMonotonicNs
        return arrivalNs >= window.start.monotonicNs && arrivalNs < window.end.monotonicNs
    }
}
