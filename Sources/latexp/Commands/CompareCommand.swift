import ArgumentParser
import Foundation
import Orchestration
import Reporting

/// Compares finished runs.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare finished runs, one or many a side.",
        usage: "latexp compare <first> <second> [<options>]",
        discussion: """
            A side may be several runs: names with commas between them, or a pattern in quotes:
              latexp compare 'baseline-*' 'backbone-*'
            A campaign stands for all its runs that were done. Runs are then what is counted, and runs at the same hour of the day are matched.
            """
    )

    @Argument(
        help: "Side A: a run's directory, its name, a unique beginning of it, `latest`, or a pattern.",
        completion: .runs
    )
    var first: String

    @Argument(help: "Side B.", completion: .runs)
    var second: String

    @Flag(help: "Compare runs that are not comparable, and say so in the result.")
    var force = false

    @Option(help: "Write the comparison as a page with figures to this file, too.")
    var html: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let comparison = try RunComparison.compare(try load(first), try load(second), force: force)
        if let html {
            try ReportWriter.write(comparison, to: html)
            Terminal.errors.write("Written to \(html)\n")
        }
        Terminal.results.write(try output.format.render(comparison))
        if comparison.isVerdictUnusable { throw ExitCode(CommandStatus.verdictUnusable.rawValue) }
    }

    private func load(_ names: String) throws -> [RunData] {
        let runs = try store.store.findAll(names).flatMap { directory in
            directory.isCampaign ? try CampaignDirectory(directory).finishedRuns() : [directory]
        }
        return try runs.map { try RunLoader.load($0.url.path) }
    }
}
