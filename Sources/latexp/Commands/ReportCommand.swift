import ArgumentParser
import Foundation
import Orchestration
import Reporting

/// Analyses a finished run again.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Analyse a run or a campaign again and print its results; needs no network."
    )

    @Argument(
        help: "The run or campaign: its directory, its name, a unique beginning of it, or `latest`.",
        completion: .runs
    )
    var run = "latest"

<<<<<<< HEAD
    @OptionGroup var ranges: AddressRangesOptions
    @Flag(help: "Show report.html in the browser, too.")
    var open = false

=======
    @Flag(help: "Show report.html in the browser, too.")
    var open = false

    @OptionGroup var ranges: AddressRangesOptions
>>>>>>> 623c2676782cd47e1b82d84b4c8937c509deacb2
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let directory = try store.store.find(run)
<<<<<<< HEAD
=======
        if !directory.isCampaign { try await ranges.place(in: directory) }
>>>>>>> 623c2676782cd47e1b82d84b4c8937c509deacb2
        let isUsable = try await directory.isCampaign ? reportCampaign(directory) : reportRun(directory)
        if open { Opener.open(directory.file("report.html").path) }
        if !isUsable { throw ExitCode(CommandStatus.verdictUnusable.rawValue) }
    }

    private func reportRun(_ directory: RunDirectory) async throws -> Bool {
<<<<<<< HEAD
        try await ranges.place(in: directory)
=======
>>>>>>> 623c2676782cd47e1b82d84b4c8937c509deacb2
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
