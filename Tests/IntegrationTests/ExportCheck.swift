import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

/// Exports as the tools that they are for read them.
enum ExportCheck {
    /// A Python with the package duckdb: `infra/test` installs it.
    static var python: String {
        ProcessInfo.processInfo.environment["LATEXP_TEST_PYTHON"]
            ?? NSHomeDirectory() + "/.cache/latexp-test/python/bin/python3"
    }

    /// What DuckDB finds in one file.
    private struct Figures: Decodable {
        var path: String
        var samples: Int
        var endToEndNs: [Double]
        var relayLegNs: [Double]?
        var types: [String]
    }

    private static let script = """
        import duckdb, json, sys
        file = sys.argv[1]
        reader = "read_parquet" if file.endswith(".parquet") else "read_csv"
        source = f"{reader}('{file}', hive_partitioning = false)"
        database = duckdb.connect()
        types = [f"{name} {kind}" for name, kind, *_ in database.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        wanted = "[0.5, 0.9, 0.95, 0.99, 0.999]"
        rows = database.sql(f'''
            SELECT path, count(*), quantile_cont(end_to_end_ns, {wanted}), quantile_cont(relay_leg_ns, {wanted})
            FROM {source} WHERE is_counted GROUP BY path ORDER BY path''').fetchall()
        print(json.dumps([dict(path=path, samples=count, endToEndNs=ends, relayLegNs=legs, types=types)
                          for path, count, ends, legs in rows]))
        """

    /// Exports a run in both forms, and expects DuckDB to find the quantiles that its analysis has.
    static func expectSameQuantiles(run: String) async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: python),
            "\(python) is not there: infra/test makes it, or name a Python with duckdb in LATEXP_TEST_PYTHON"
        )
        let analysis = try LatexpCommand.analysis(run)
        for (format, file) in [("csv.gz", "samples.csv.gz"), ("parquet", "samples.parquet")] {
            let export = try await LatexpCommand.run(
                ["export", run, "--format", format],
                environment: ["LATEXP_PYTHON": python]
            )
            #expect(export.status == 0, "\(export.errors)")
            let path = "\(run)/export/run=\(analysis.runID)/\(file)"
            #expect(FileManager.default.fileExists(atPath: path), "\(export.output)")
            let said = try await SSHServerTools.output("env", [python, "-c", script, path])
            let found = try JSONDecoder().decode([Figures].self, from: Data(said.utf8))
            #expect(found.map(\.path) == analysis.paths.map(\.name).sorted())
            for figures in found {
                let known = try #require(analysis.path(figures.path))
                #expect(figures.samples == known.samples)
                try expect(figures.endToEndNs, known, .endToEnd)
                if known.kind == .relay { try expect(try #require(figures.relayLegNs), known, .backbone) }
                if format == "parquet" {
                    #expect(figures.types == ExportSchema.columns.map { "\($0.name) \($0.type)" })
                }
            }
        }
    }

    private static func expect(_ found: [Double], _ path: PathAnalysis, _ metric: Metric) throws {
        let summary = try #require(path.metric(metric)?.summaryNs)
        let known = [summary.median, summary.p90, summary.p95, summary.p99, summary.p999]
        for (value, knownValue) in zip(found, known) {
            #expect(abs(value - knownValue) < 0.01, "\(path.name) \(metric): \(value) and \(knownValue)")
        }
    }
}
