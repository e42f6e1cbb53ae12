import ArgumentParser
import ExperimentModel

@main
struct LatexpLab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latexp-lab",
        abstract: "A simulated world on one machine to try latexp in: exchange, links, and two hosts.",
        version: LatexpVersion.text,
        subcommands: [ServeCommand.self, NetworkCommand.self, FeedCommand.self, SinkCommand.self]
    )
}
