import AgentCore
import ArgumentParser
import ExperimentModel

/// `latexp-agent results`: results of a run that ended without them.
struct ResultsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Writes the results of a receiver's run from its folder, also of one that was killed.",
        usage: "latexp-agent results <folder> [<options>]",
        discussion: """
            For a run whose results could not be written, or that a SIGKILL or the host's \
            end broke off: the samples up to its last second are in its folder. The \
            results say then that the run did not end.

              latexp-agent results latexp-receive-1795688611

            Exit status: 0 written; 1 the samples cannot be read, or the results not be \
            written; 2 bad arguments, or a folder of something else.
            """
    )

    @Argument(help: "The run's folder, latexp-receive-TIME.")
    var folder: String

    @Option(
        help: ArgumentHelp("Where the results go (default: as the run was told, else results.json).", valueName: "file")
    )
    var outputFile: String?

    func run() throws {
        do {
            var (summary, isEnded) = try RunFolder.summary(folder)
            summary.plan.outputFile = outputFile ?? summary.plan.outputFile ?? "results.json"
            try ResultFiles.check(summary.plan)
            let outcome = try ByHandResults.write(summary, directory: folder, isEnded: isEnded)
            for line in outcome.lines { AgentProcess.say(line) }
            if let failure = outcome.failure { throw failure }
        } catch let error as AgentError {
            AgentProcess.say("\(error)")
            throw ExitCode(error.code == .badPlan ? 2 : 1)
        } catch let error as ExperimentError {
            AgentProcess.say("\(error)")
            throw ExitCode(1)
        }
    }
}
