import AgentCore
import ArgumentParser
import ExperimentModel

/// The agent's command line: the two roles, and a test of the instrument itself.
@main
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latexp-agent",
        abstract: "Measures when market data arrives, to the kernel's own receive time.",
        discussion: """
            Normally latexp puts this program on the hosts and starts it. By hand:

              frankfurt$ latexp-agent receive --mode both --duration 300
              tokyo$     latexp-agent forward --frankfurt-ip 10.1.1.10

            \(Help.statuses)
            """,
        version: LatexpVersion.text,
        subcommands: [
            ReceiveCommand.self, ForwardCommand.self, ResultsCommand.self, CampaignCommand.self, SelfTestCommand.self,
        ]
    )

    /// Parses and runs; arguments that make no sense have the documented status, not the parser's own.
    static func main() {
        // Before anything is written or opened.
        ProcessPreparation.run()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            AgentProcess.say(fullMessage(for: error))
            exit(withError: ExitCode(2))
        }
    }
}

/// What the help of more than one command says.
enum Help {
    /// The exit statuses, and what signals do.
    static let statuses = """
        Exit status:
          0  finished: the time was over, or it was told to stop
          1  failed, or could not record or write everything; standard error says why
          2  bad arguments, configuration file or plan; nothing was measured

        SIGTERM and Ctrl-C end it in good order within seconds: goodbyes are said and \
        results written. SIGHUP, SIGPIPE and closed standard streams do nothing.
        """

    /// Where the files of a run are.
    static func files(_ more: String = "") -> String {
        """
        Progress and results in brief go to standard error. A folder latexp-ROLE-TIME \
        in the current one gets log.jsonl (a JSON object a line, 8 MiB at most), \
        status.json (new each second), tcp.jsonl, clock.jsonl, plan.json, \(more)and \
        summary.json as the last thing.

        The exchange's certificate and name are checked against the host's own bundle of \
        certificates, or the file that SSL_CERT_FILE names.
        """
    }
}
