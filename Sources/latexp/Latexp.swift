import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import RemoteHosts
import Reporting

/// The command line.
@main
struct Latexp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latexp",
        abstract: "Tells which network path brings an exchange's market data sooner, by how much, and how surely.",
        discussion: """
            Start with `latexp run experiments/demo.json`: a simulated world on this machine.
            Results go to standard output, everything else to standard error.

            Exit status: 0 done; 1 measured, but the verdict cannot be used; 2 bad arguments or experiment file; \
            3 a host could not be reached or used; 4 clocks; 5 the measurement failed; 130 interrupted.
            """,
        // Gives every command its --version; what that prints is more.
        version: LatexpVersion.text,
        subcommands: [
            RunCommand.self, CompareCommand.self, CheckCommand.self, PhaseCommand.self, ReportCommand.self,
            RunsCommand.self, StatusCommand.self, StopCommand.self, ResumeCommand.self, ExportCommand.self,
            SchemaCommand.self,
        ]
    )

    /// Parses, runs, and ends with the exit status that the design gives to the kind of failure.
    static func main() async {
        // A reader that goes away (`latexp report latest | head`) ends the writing, not the run by a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            try checkVerb(CommandLine.arguments.dropFirst().first)
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            leave(CommandStatus.done.rawValue)
        } catch {
            leave(await end(with: error))
        }
    }

    /// Names the verb that was meant, which the parser does not.
    private static func checkVerb(_ word: String?) throws {
        let verbs = configuration.subcommands.map { $0._commandName } + ["help"]
        guard let word, !word.hasPrefix("-"), !verbs.contains(word) else { return }
        let meant = NearestName.to(word, among: verbs).map { "did you mean '\($0)'?" }
        let advice = meant ?? "there are: \(verbs.joined(separator: ", "))"
        throw OrchestrationError(.invalidInput, "no command is called '\(word)'; \(advice)")
    }

    /// Ends the process without the C library's exit handlers.
    ///
    /// One of those takes OpenSSL down, while the thread of a host may still be freeing its session with it.
    private static func leave(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }

    /// Says what went wrong, once, and gives the exit status.
    private static func end(with error: any Error) async -> Int32 {
        switch error {
        case let code as ExitCode: return code.rawValue
        case let error as OrchestrationError: return complain(error.message, error.code.exitStatus)
        case let error as ExperimentError: return complain(error.description, .badInput)
        case let error as ReportingError: return complain(error.message, .badInput)
        case let error as RemoteHostError: return complain(error.description, .hostUnusable)
        case is CancellationError: return complain("interrupted", .interrupted)
        default: break
        }
        let message = fullMessage(for: error)
        if exitCode(for: error) == .success {
            // `--version` ends the parsing, as `--help` does; the parser knows of the bare number only.
            if message == LatexpVersion.text { print(await VersionText.whole()) } else { print(message) }
            return CommandStatus.done.rawValue
        }
        Terminal.errors.write(message + "\n")
        return CommandStatus.badInput.rawValue
    }

    private static func complain(_ message: String, _ status: CommandStatus) -> Int32 {
        Terminal.errors.write(Terminal.errors.laidOut("latexp: \(message)") + "\n")
        return status.rawValue
    }
}
