import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

extension RunExport.Format: ExpressibleByArgument {}

/// Writes runs' samples for bigger tools.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write every sample of runs as Parquet or compressed CSV, for DuckDB, Athena, Spark, pandas.",
        usage: "latexp export [<run>] [<options>]",
        discussion: """
            Files go to FOLDER/run=NAME/samples.parquet (or .csv.gz), a layout that `aws s3 sync` and every tool with \
            partitions take as it is; FOLDER is `export` in the run's own directory unless --output names another. Of a \
            campaign, every run that was done is exported.

            csv.gz is made by gzip. parquet is made by the program duckdb, or by python3 with the package duckdb or pyarrow \
            (`python3 -m pip install duckdb`; LATEXP_PYTHON names another Python).
            """
    )

    @Argument(
        help: "The run or campaign: its directory, its name, a unique beginning of it, `latest`, or a pattern.",
        completion: .runs
    )
    var run = "latest"

    @Option(help: "csv.gz or parquet.")
    var format = RunExport.Format.compressedCSV

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder for the files.", valueName: "folder"),
        completion: .directory
    )
    var output: String?

    @Flag(help: "Print the columns, their types and meanings, and do nothing else.")
    var schema = false

    @Option(
        help: ArgumentHelp("Print Athena's table over such files in S3, and do nothing else.", valueName: "s3-folder")
    )
    var athena: String?

    @OptionGroup var store: StoreOptions

    func run() async throws {
        if schema { return Terminal.results.write(ExportSchema.text) }
        if let athena { return Terminal.results.write(ExportSchema.athenaTable(location: athena)) }
        let found = try store.store.findAll(run)
        let export = try await RunExport(format)
        for directory in found {
            let folder = output ?? directory.file("export").relativePath
            let runs = directory.isCampaign ? try CampaignDirectory(directory).measuredRuns() : [directory]
            guard !runs.isEmpty else {
                throw OrchestrationError(
                    .invalidInput,
                    "\(directory.id) has no run that was done: there is nothing to export"
                )
            }
            for run in runs {
                let written = try await export.write(run, to: folder)
                Terminal.results.write(written.file + "\n")
                let size = String(format: "%.1f MB", Double(written.bytes) / 1e6)
                Terminal.errors.write("latexp: \(written.rows) samples, \(size), by \(written.program)\n")
                for text in written.warnings {
                    Terminal.errors.write("latexp: warning: \(run.id): \(text)\n")
                }
            }
        }
    }
}
