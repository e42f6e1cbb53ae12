import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import RemoteHosts
import Reporting

/// Looks whether an experiment could be run.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look whether an experiment could run: hosts reached, machines fit, ways open, clocks good.",
        usage: "latexp check <file> [<options>]",
        discussion: """
            Goes through plan, connect, inspect, reach and clock. Puts nothing on the hosts and leaves no run behind.
            `inspect` asks the metadata service of hosts on EC2 for region, zone and type. `reach` tries from each forwarder \
            whether the receiver's address and port answer, though nobody listens there yet.
            """
    )

    @Argument(help: "The experiment file.", completion: .experiments)
    var file: String

    @OptionGroup var hosts: HostOptions
    @OptionGroup var output: FormatOptions

    /// What was looked at, for programs.
    private struct Looked: Encodable {
        var experiment: String
        var isReady: Bool
        var failure: String?
        var phases: [PhaseRecord]
    }

    func run() async throws {
        let read = try ExperimentFile.load(file, isLocal: hosts.local)
        let environment = try hosts.environment(patience: .none)
        let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-check-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = try RunStore(path: folder.path).create(name: "check", at: environment.clock.wallSeconds)
        let printer = output.observer
        let engine = RunEngine(
            read.experiment,
            supplied: read.supplied,
            directory: directory,
            environment: environment,
            options: hosts.options,
            extent: .check,
            observer: printer
        )
        let outcome = try await Interruption.guarding(
            printer,
            doing: "ending the look at the hosts",
            hint: "Nothing was put on any host.",
            leaving: { try? FileManager.default.removeItem(at: folder) }
        ) { try await engine.run() }
        printer.finish()
        let phases = outcome.record.phases
        let rows = phases.flatMap { phase in
            phase.checks.map { [phase.name, $0.host ?? "", $0.name, $0.outcome.rawValue, $0.detail] }
        }
        let looked = Looked(
            experiment: read.experiment.name,
            isReady: outcome.error == nil,
            failure: outcome.error?.message,
            phases: phases
        )
        if let table = try Rows.render(
            ["phase", "host", "check", "outcome", "detail"],
            rows,
            json: looked,
            format: output.format
        ) {
            Terminal.results.write(table)
        } else if outcome.error == nil {
            Terminal.results.write("\(read.experiment.name): everything that was looked at is ready to measure.\n")
        }
        guard let error = outcome.error else { return }
        // The folder that it names is gone.
        guard error.code != .interrupted else {
            throw OrchestrationError(.interrupted, "interrupted; nothing was put on any host, and nothing is left here")
        }
        throw output.format == .json ? error : Conclusion.brief(error, of: outcome.record)
    }
}
