import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration

/// Looks whether an experiment could be run.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look whether an experiment could run: hosts reached, machines fit, clocks good.",
        discussion: "Goes through plan, connect, inspect and clock. Puts nothing on the hosts and leaves no run behind."
    )

    @Argument(help: "The experiment file.")
    var file: String

    @OptionGroup var hosts: HostOptions

    func run() async throws {
        let read = try ExperimentFile.load(file)
        let environment = hosts.environment
        let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-check-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = try RunStore(path: folder.path).create(name: "check", at: environment.clock.wallSeconds)
        let printer = RunPrinter()
        let engine = RunEngine(
            read.experiment,
            supplied: read.supplied,
            directory: directory,
            environment: environment,
            options: hosts.options,
            extent: .check,
            observer: printer
        )
        let outcome = try await Interruption.guarding(hint: "Nothing was put on any host.") { try await engine.run() }
        printer.finish()
        if let error = outcome.error { throw error }
        Terminal.results.write("\(read.experiment.name): everything that was looked at is ready to measure.\n")
    }
}
