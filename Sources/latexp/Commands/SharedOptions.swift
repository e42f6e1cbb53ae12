import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import RemoteHosts
import Reporting

extension OutputFormat: ExpressibleByArgument {}

/// Where the runs lie.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The directory that holds the runs.", valueName: "directory"),
        completion: .directory
    )
    var runs = "runs"

    var store: RunStore { RunStore(path: runs) }
}

/// How results are printed.
struct FormatOptions: ParsableArguments {
    @Option(help: "How results are printed: text, markdown, json or csv.")
    var format = OutputFormat.text

    /// What shows a run while it goes on: for people, or a line of JSON an event where results are JSON.
    var observer: any ProgressObserver { format == .json ? EventPrinter() : RunPrinter() }

    /// What says whom a question waits for.
    var askingObserver: any ProgressObserver { format == .json ? EventPrinter() : AskingPrinter() }
}

/// How hosts are used.
struct HostOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The agent to put on the hosts, instead of the one found for their architecture.",
            valueName: "file"
        ),
        completion: .file()
    )
    var agent: String?

    @Flag(help: "Measure although a clock is not good enough; every absolute figure is marked then.")
    var allowUnsynchronised = false

    @Flag(help: "Use this machine for every host, without SSH and without a look at the clock.")
    var local = false

    /// The surroundings; a file that `--agent` names is looked at first.
    func environment(patience: RetryingHost.Patience = .ofARun) throws -> RunEnvironment {
        if let agent { try AgentLocator.examine(named: agent) }
        return .installed(agentFile: agent, patience: patience)
    }

    var options: RunOptions {
        RunOptions(
            allowsUnsynchronisedClocks: allowUnsynchronised,
            isLocal: local,
            arguments: CommandLine.arguments
        )
    }
}

extension RunEnvironment {
    /// The real world as this installation of latexp finds it.
    ///
    /// - Parameter patience: for how long a host is tried that cannot be reached; none where somebody waits for an answer.
    static func installed(agentFile: String?, patience: RetryingHost.Patience = .ofARun) -> RunEnvironment {
        let variables = ProcessInfo.processInfo.environment
        let beside = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent().path
        let named = variables["LATEXP_AGENTS"].map { [$0] } ?? []
        var folders: [String] = []
        for folder in named + [beside].compactMap({ $0 }) + ["bin"] where !folders.contains(folder) {
            folders.append(folder)
        }
        return .system(
            agentFile: agentFile,
            folders: folders,
            labFile: variables["LATEXP_LAB"],
            passphrase: Passphrase.prompt,
            patience: patience
        )
    }
}

/// How several commands end.
enum Ending {
    /// Prints a run's results and where its files are, and ends with its status.
    static func show(_ outcome: RunOutcome, format: OutputFormat) throws {
        if let analysis = try? StandardReporter.analysis(of: outcome.directory), outcome.error?.code != .interrupted {
            let text = try format.render(analysis, isBrief: true)
            let (plain, whole) = (analysis.runID, outcome.directory.commandName)
            // The text is laid out for the plain name: a longer one gets a line of its own.
            let command = "`latexp report \(whole)`"
            Terminal.results.write(
                text.replacing("`latexp report \(plain)` ", with: command + (whole == plain ? " " : "\n  "))
                    .replacing("`latexp report \(plain)`", with: command)
            )
        }
        // Programs know the directory from the first event.
        if format != .json { showFiles(of: outcome.directory) }
        if let error = outcome.error { throw format == .json ? error : Conclusion.error(error, of: outcome) }
        if outcome.status == .interrupted {
            Terminal.errors.write(
                "latexp: stopped or interrupted before its time: the results are of what was measured\n"
            )
        }
        if outcome.status != .done { throw ExitCode(outcome.status.rawValue) }
    }

    /// Lists what the run left.
    static func showFiles(of directory: RunDirectory) {
        let files = directory.listFiles().filter { $0 != "lock" && !$0.hasPrefix("lab/") }
        guard !files.isEmpty else { return }
        let own = files.filter { !$0.hasPrefix("hosts/") }
        let hosts = Dictionary(grouping: files.filter { $0.hasPrefix("hosts/") }) { file in
            file.split(separator: "/").prefix(2).joined(separator: "/")
        }
        let lines = own + hosts.sorted { $0.key < $1.key }.map { "\($0.key)/ (\($0.value.count) files)" }
        Terminal.errors.write("\nFiles in \(directory.url.relativePath):\n" + lines.map { "  \($0)\n" }.joined())
    }
}
