import ArgumentParser
import Foundation
import Orchestration
import Reporting

/// Analyses a finished run again.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Analyse a run again and print its results; needs no network."
    )

    @Argument(help: "The run: its directory, its name, a unique beginning of it, or `latest`.")
    var run = "latest"

    @OptionGroup var ranges: AddressRangesOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let directory = try store.store.find(run)
        try await ranges.place(in: directory)
        let reporter = StandardReporter()
        let outcome = try await reporter.analyse(directory)
        _ = try await reporter.report(directory)
        Terminal.results.write(try output.format.render(try StandardReporter.analysis(of: directory)))
        Terminal.errors.write(
            "Written to \(directory.url.relativePath): analysis.json, report.md, report.html, samples.csv\n"
        )
        if !outcome.isUsable { throw ExitCode(CommandStatus.verdictUnusable.rawValue) }
    }
}
