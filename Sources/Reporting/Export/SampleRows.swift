import ExperimentModel
import Foundation

/// A run's samples as rows of CSV, a piece at a time: memory does not depend on how many there are.
///
/// RFC 4180 with line feeds; what is absent is empty, `true` and `false` are words. `ExportSchema` has the columns.
public struct SampleRows: Sendable {
    /// How many records are read at once.
    private static let recordsAtOnce = 16_384

    private let record: RunRecord
    private let blocks: [ExportBlock]
    private let check: ExportCheck

    /// What was written.
    public struct Written: Hashable, Sendable {
        /// The rows, without the header.
        public var rows: Int
        /// Samples that are missing, cut short or damaged, and files that cannot be read: each names its file.
        public var warnings: [String]
    }

    /// The samples of the run in `directory`.
    ///
    /// - Throws: `ReportingError` `unreadable` or `malformed` when the manifest or a receiver's summary cannot be read,
    ///   or there is no file of samples at all.
    public init(runDirectory directory: String) throws {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        let found = try ExportBlock.all(in: root)
        record = found.record
        blocks = found.blocks
        check = ExportCheck(runDirectory: directory)
    }

    /// The run's name.
    public var runID: String { record.id }

    /// The first row: the columns' names.
    public static let header = Array((ExportSchema.columns.map(\.name).joined(separator: ",") + "\n").utf8)

    /// Emits the header and every row, a piece at a time.
    ///
    /// - Returns: the number of rows, and what to know of the files that they come from.
    /// - Throws: what `emit` throws; `ReportingError` and `ExperimentError` for files that cannot be read.
    @discardableResult
    public func write(_ emit: ([UInt8]) async throws -> Void) async throws -> Written {
        try await emit(Self.header)
        var (count, damaged) = (0, 0)
        var buffer: [UInt8] = []
        for block in blocks {
            let row = SampleRow(record, block)
            let reader = try SampleReader(path: block.samples)
            while let records = try reader.next(Self.recordsAtOnce) {
                buffer.removeAll(keepingCapacity: true)
                for record in records { row.append(record, to: &buffer) }
                count += records.count
                damaged += check.damaged(records, ofBlock: block.number)
                try await emit(buffer)
            }
        }
        return Written(rows: count, warnings: check.warnings(damaged: damaged))
    }
}

/// Makes the rows of one block.
struct SampleRow {
    private let prefix: [UInt8]
    private let lanes: [[UInt8]]
    private let streams: [[UInt8]]
    private let window: MeasuredWindow?

    init(_ record: RunRecord, _ block: ExportBlock) {
        func field(_ text: String) -> [UInt8] { Array((SampleCSV.quoted(text) + ",").utf8) }
        prefix = field(record.id) + field(record.experiment.name) + field("\(block.number)")
        lanes = block.paths.flatMap { path in
            (0..<path.lanes).map { field(path.name) + field(path.kind.rawValue) + field("\($0)") }
        }
        streams = block.streams.map(field)
        window = block.window
    }

    func append(_ sample: SampleRecord, to output: inout [UInt8]) {
        let lane = Int(sample.lane)
        let isKnown = lanes.indices.contains(lane)
        output += prefix
        if isKnown {
            output += lanes[lane]
        } else {
            // No path and kind, but the number that the file has.
            output += [Self.comma, Self.comma]
            Self.append(Int64(lane), to: &output)
        }
        Self.append(Int64(sample.connection), to: &output)
        let stream = Int(sample.stream)
        if streams.indices.contains(stream) { output += streams[stream] } else { output.append(Self.comma) }
        Self.append(sample.updateID, to: &output)
        Self.append(Int64(clamping: sample.sequence), to: &output)
        for time in [sample.eventTimeNs, sample.transactionTimeNs, sample.sourceNs, sample.sourceSendNs] {
            Self.append(Self.present(time), to: &output)
        }
        Self.append(sample.arrivalNs, to: &output)
        Self.append(sample.arrivalOnMonotonicNs, to: &output)
        output += sample.arrivalSource == .kernel ? Self.kernel : Self.user
        for metric in [Metric.endToEnd, .backbone, .feedLeg, .forwarderHostDelay, .hostDelay] {
            Self.append(metric.ns(of: sample), to: &output)
        }
        let isInside = isInWindow(sample)
        let isDuplicate = sample.flags.contains(.duplicate)
        output += isInside ? Self.yes : Self.no
        output += isDuplicate ? Self.yes : Self.no
        output += sample.flags.contains(.reordered) ? Self.yes : Self.no
        output += isInside && !isDuplicate && isKnown ? Self.yes : Self.no
        output[output.count - 1] = UInt8(ascii: "\n")
    }

    private func isInWindow(_ sample: SampleRecord) -> Bool {
        guard let window else { return false }
        let arrivalNs = sample.arrivalOnMonotonicNs
        return arrivalNs >= window.start.monotonicNs && arrivalNs < window.end.monotonicNs
    }

    // MARK: Fields, each with the comma behind it

    private static let comma = UInt8(ascii: ",")
    private static let kernel = Array("kernel,".utf8)
    private static let user = Array("user,".utf8)
    private static let yes = Array("true,".utf8)
    private static let no = Array("false,".utf8)

    private static func present(_ ns: Int64) -> Int64? { ns == SampleRecord.absent ? nil : ns }

    /// A whole number in decimal digits, without a detour over text.
    private static func append(_ value: Int64?, to output: inout [UInt8]) {
        guard let value else { return output.append(comma) }
        if value < 0 { output.append(UInt8(ascii: "-")) }
        let start = output.count
        var rest = value.magnitude
        repeat {
            output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        output[start...].reverse()
        output.append(comma)
    }
}
