import Foundation
import Reporting
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Writes runs' samples into files for bigger tools, with programs that are there: no format is written by hand.
///
/// Rows go as CSV through a pipe, so that memory stays the same however many there are: `gzip` compresses them; DuckDB
/// (its command, or its Python package), or else Apache Arrow's Python package, makes Parquet of them.
public struct RunExport: Sendable {
    /// The forms in which runs are exported.
    public enum Format: String, CaseIterable, Sendable {
        /// CSV, compressed by gzip.
        case compressedCSV = "csv.gz"
        /// Apache Parquet, compressed by zstd.
        case parquet

        fileprivate var fileName: String { self == .parquet ? "samples.parquet" : "samples.csv.gz" }
    }

    /// What was written.
    public struct Written: Encodable, Sendable {
        /// The run.
        public var run: String
        /// The file.
        public var file: String
        /// Its rows.
        public var rows: Int
        /// Its octets.
        public var bytes: Int
        /// The program that wrote it.
        public var program: String
        /// What to know of the files that the rows come from, each warning naming its file.
        public var warnings: [String]
    }

    private let format: Format
    private let writer: ExportWriter

    /// An export in a form whose programs are there.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` that says what to install.
    public init(_ format: Format) async throws {
        self.format = format
        self.writer = try await ExportWriter.find(format)
    }

    /// Writes the samples of the run in `directory` to `folder/run=<name>/samples.…`, whole or not at all.
    ///
    /// - Throws: `OrchestrationError` `storage`; `ReportingError` for a run without samples.
    public func write(_ directory: RunDirectory, to folder: String) async throws -> Written {
        let rows = try SampleRows(runDirectory: directory.url.path)
        let place = URL(filePath: folder, directoryHint: .isDirectory).appending(path: "run=\(rows.runID)")
        let file = place.appending(path: format.fileName)
        let part = place.appending(path: ".\(format.fileName).part")
        do {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        } catch {
            throw OrchestrationError(.storage, "cannot make \(place.path): \(error.localizedDescription)", cause: error)
        }
        defer { try? FileManager.default.removeItem(at: part) }
        let written = try await writer.write(rows, to: part.path)
        guard rename(part.path, file.path) == 0 else {
            throw OrchestrationError(.storage, "cannot write \(file.path): \(String(cString: strerror(errno)))")
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
        return Written(
            run: rows.runID,
            file: file.path,
            rows: written.rows,
            bytes: size,
            program: writer.name,
            warnings: written.warnings
        )
    }
}
