import ExperimentModel
import Foundation
import Reporting
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A program that takes rows of CSV on its standard input and writes a file of them.
struct ExportWriter: Sendable {
    /// What people call it.
    let name: String
    private let program: String
    /// The arguments for a file to be written.
    private let arguments: @Sendable (String) -> [String]
    /// Whether the file is the program's standard output.
    private let writesToOutput: Bool

    // MARK: Finding

    /// The program for a format that is on this machine.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` that says what to install.
    static func find(_ format: RunExport.Format) async throws -> ExportWriter {
        switch format {
        case .compressedCSV: return try await findGzip()
        case .parquet: return try await findParquet()
        }
    }

    private static func findGzip() async throws -> ExportWriter {
        guard await answers("gzip", ["--version"]) else {
            throw OrchestrationError(.invalidInput, "csv.gz needs the program gzip, which is not installed here")
        }
        return ExportWriter(name: "gzip", program: "gzip", arguments: { _ in ["-c"] }, writesToOutput: true)
    }

    private static func findParquet() async throws -> ExportWriter {
        if await answers("duckdb", ["--version"]) {
            return ExportWriter(
                name: "duckdb",
                program: "duckdb",
                arguments: { ["-batch", "-c", settings + copy(to: $0)] },
                writesToOutput: false
            )
        }
        let python = ProcessInfo.processInfo.environment["LATEXP_PYTHON"] ?? "python3"
        if await answers(python, ["-c", "import duckdb"]) {
            return ExportWriter(
                name: "\(python) with duckdb",
                program: python,
                arguments: {
                    ["-c", "import duckdb, sys\nduckdb.connect().execute(sys.argv[1])", settings + copy(to: $0)]
                },
                writesToOutput: false
            )
        }
        if await answers(python, ["-c", "import pyarrow.csv, pyarrow.parquet"]) {
            let types = ExportSchema.columns.map { "\($0.name)=\($0.type)" }.joined(separator: ",")
            return ExportWriter(
                name: "\(python) with pyarrow",
                program: python,
                arguments: { ["-c", arrowScript, $0, types] },
                writesToOutput: false
            )
        }
        throw OrchestrationError(
            .invalidInput,
            "parquet is written by DuckDB or Apache Arrow, and neither is here: install one of them, for example "
                + "`python3 -m pip install duckdb` (then name that Python in LATEXP_PYTHON if it is not `python3`), "
                + "`brew install duckdb`, or the `duckdb` command from https://duckdb.org; or use --format csv.gz"
        )
    }

    /// Whether a program is there and can do what is asked.
    private static func answers(_ program: String, _ arguments: [String]) async -> Bool {
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let result = try? await run(
            executable,
            arguments: Arguments(arguments),
            output: .discarded,
            error: .discarded
        )
        return result?.terminationStatus.isSuccess == true
    }

    // MARK: How the tools are asked

    /// One thread and a limit: rows come through a pipe, in their order.
    private static let settings = "SET memory_limit='1GB'; SET threads=1; "

    private static func copy(to path: String) -> String {
        let columns = ExportSchema.columns.map { "'\($0.name)': '\($0.type)'" }.joined(separator: ", ")
        let file = path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        return
            "COPY (SELECT * FROM read_csv('/dev/stdin', header = true, auto_detect = false, delim = ',', quote = '\"', "
            + "escape = '\"', nullstr = '', columns = {\(columns)})) TO '\(file)' (FORMAT parquet, COMPRESSION zstd);"
    }

    private static let arrowScript = """
        import sys
        import pyarrow as pa, pyarrow.csv as csv, pyarrow.parquet as parquet
        kinds = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_()}
        schema = pa.schema([(n, kinds[t]) for n, t in (c.split("=") for c in sys.argv[2].split(","))])
        convert = csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True)
        read = csv.ReadOptions(block_size=8 << 20)
        with csv.open_csv(sys.stdin.buffer, read_options=read, convert_options=convert) as rows:
            with parquet.ParquetWriter(sys.argv[1], schema, compression="zstd") as out:
                for batch in rows:
                    out.write_batch(batch)
        """

    // MARK: Writing

    /// Pipes rows through the program into the file at `path`; gives their number and what to know of them.
    ///
    /// - Throws: `OrchestrationError` `storage` with what the program said.
    func write(_ rows: SampleRows, to path: String) async throws -> SampleRows.Written {
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let target = writesToOutput ? path : "/dev/null"
        let output = try FileDescriptor.open(
            FilePath(target),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead]
        )
        let errors = path + ".err"
        defer { try? FileManager.default.removeItem(atPath: errors) }
        let errorFile = try FileDescriptor.open(
            FilePath(errors),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite]
        )
        let result = try await run(
            executable,
            arguments: Arguments(arguments(path)),
            input: .inputWriter,
            output: .fileDescriptor(output, closeAfterSpawningProcess: true),
            error: .fileDescriptor(errorFile, closeAfterSpawningProcess: true)
        ) { execution -> Result<SampleRows.Written, any Error> in
            let writer = execution.standardInputWriter
            do {
                let written = try await rows.write { _ = try await writer.write($0) }
                try await writer.finish()
                return .success(written)
            } catch {
                // The program's own words, if it has any, are the better reason.
                try? await writer.finish()
                return .failure(error)
            }
        }
        let said = ((try? String(contentsOfFile: errors, encoding: .utf8)) ?? "").suffix(500)
            .split(whereSeparator: \.isNewline).suffix(3).joined(separator: " ")
        if case .failure(let error as ReportingError) = result.closureResult { throw error }
        if case .failure(let error as ExperimentError) = result.closureResult { throw error }
        guard result.terminationStatus.isSuccess, case .success(let written) = result.closureResult else {
            try Task.checkCancellation()
            throw OrchestrationError(
                .storage,
                "\(name) could not write \(path): \(said.isEmpty ? "\(result.terminationStatus)" : said)"
            )
        }
        return written
    }
}
