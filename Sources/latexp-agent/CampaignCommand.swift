import AgentCore
import ArgumentParser
import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `latexp-agent campaign`: runs one host's part of a detached campaign.
struct CampaignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign",
        abstract:
            "Follows a campaign's plan that latexp sent: at each run's time looks at the clock and runs the agent.",
        discussion: """
            Started by `latexp run --detach`, in its own directory. It writes what came of each run to \
            tasks.json, and ends with the last one. SIGTERM ends it and the agent that runs.
            """
    )

    @Option(help: ArgumentHelp("The campaign's plan.", valueName: "file"))
    var plan: String

    func run() throws {
        do {
            let plan = try CampaignPlanFile.read(path: plan)
            try CampaignSupervisor(
                plan: plan,
                directory: FileManager.default.currentDirectoryPath,
                program: try Self.program(),
                around: .host
            ).run()
        } catch let error as AgentError {
            AgentProcess.say("\(error)")
            throw ExitCode(error.code == .badPlan ? 2 : 1)
        }
    }

    /// This program's own file, whatever it was called by.
    private static func program() throws -> String {
        let link = "/proc/self/exe"
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) { return path }
        guard let name = CommandLine.arguments.first, name.hasPrefix("/") else {
            throw AgentError(.file, "cannot tell which file this program is; start it by its absolute path")
        }
        return name
    }
}
