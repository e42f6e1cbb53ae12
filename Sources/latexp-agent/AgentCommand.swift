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

              frankfurt$ latexp-agent receive --mode both --port 8080 --duration 300
              tokyo$     latexp-agent forward --frankfurt-ip 10.1.1.10 --port 8080

            Exit status: 0 finished, 1 failed while running, 2 bad arguments or plan.
            """,
        version: LatexpVersion.text,
        subcommands: [ReceiveCommand.self, ForwardCommand.self, SelfTestCommand.self]
    )
}
