import ArgumentParser
import Foundation
import Orchestration
import Reporting

/// Analyses a finished run again.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Analyse a run or a campaign again and print its results; needs no network.",
        usage: "latexp report [<run>] [<options>]"
    )

    @Argument(
        help: "The run or campaign: its directory, its name, a unique beginning of it, or `latest`.",
        completion: .runs
    )
    var run = "latest"

    @Flag(help: "Show report.html in the browser, too.")
    var open = false

    @OptionGroup var ranges: AddressRangesOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let directory = try store.store.find(run)
        if !directory.isCampaign { try await ranges.place(in: directory) }
        let isUsable = try await directory.isCampaign ? reportCampaign(directory) : reportRun(directory)
        if open { Opener.open(directory.file("report.html").path) }
        if !isUsable { throw ExitCode(CommandStatus.verdictUnusable.rawValue) }
    }

    private func reportRun(_ directory: RunDirectory) async throws -> Bool {
        let reporter = StandardReporter()
        let outcome = try await reporter.analyse(directory)
        _ = try await reporter.report(directory)
        Terminal.results.write(try output.format.render(try StandardReporter.analysis(of: directory)))
        Terminal.errors.write(
            "Written to \(directory.url.relativePath): analysis.json, report.md, report.html, samples.csv\n"
        )
        return outcome.isUsable
    }

    private func reportCampaign(_ directory: RunDirectory) async throws -> Bool {
        let analysis = try await Campaigns.report(CampaignDirectory(directory))
        Terminal.results.write(try output.format.render(analysis))
        Terminal.errors.write(
            "Written to \(directory.url.relativePath): analysis.json, report.md, report.html, runs.csv\n"
        )
        return !analysis.isVerdictUnusable
    }
}
