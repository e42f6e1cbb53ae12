import ArgumentParser
import Foundation
import Orchestration
import Reporting

/// Compares finished runs.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two finished runs.",
        discussion: "Several runs on one side are joined by commas: latexp compare base-1,base-2 back-1,back-2"
    )

    @Argument(help: "The run on side A: its directory, its name, a unique beginning of it, or `latest`.")
    var first: String

    @Argument(help: "The run on side B.")
    var second: String

    @Flag(help: "Compare runs that are not comparable, and say so in the result.")
    var force = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let comparison = try RunComparison.compare(try load(first), try load(second), force: force)
        Terminal.results.write(try output.format.render(comparison))
        if comparison.isVerdictUnusable { throw ExitCode(CommandStatus.verdictUnusable.rawValue) }
    }

    private func load(_ names: String) throws -> [RunData] {
        try names.split(separator: ",").map { try RunLoader.load(try store.store.find(String($0)).url.path) }
    }
}
