import ArgumentParser
import ExperimentModel
import Foundation
import LabWorld

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Brings a world up, and takes it down when standard input ends or a signal asks for it.",
        discussion: """
            When everything is up, one line of JSON on standard output names the file that describes the world.
            Lines on standard input: `truth` writes down what is known of each event so far, `quit` ends the world.
            """
    )

    @Option(help: "The file that says what world it shall be (JSON5).")
    var spec: String

    @Option(help: "Where the world's files go; made if it is not there, and closed to other users.")
    var directory: String

    @Flag(help: "Keep the files when the world ends, apart from private keys.")
    var keep = false

    func run() async throws {
        do {
            let control = try LabControl()
            defer { control.stop() }
            let data = try readSpecification()
            let request = try LabRequest.read(data, fileName: spec)
            try await Lab.run(request, directory: directory, keepsFiles: keep) { lab in
                try Answer.say(["lab": lab.descriptionFile])
                try await obey(control, lab)
            }
        } catch {
            FileHandle.standardError.write(Data("latexp-lab: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }

    private func readSpecification() throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: spec))
        } catch {
            throw LabError(.specification, "cannot read \(spec): \(error.localizedDescription)", cause: error)
        }
    }

    private func obey(_ control: LabControl, _ lab: Lab) async throws {
        for await event in control.events {
            switch event {
            case .line("truth"): try Answer.say(TruthAnswer(truth: "written", events: try lab.writeTruth()))
            case .line("quit"), .end: return
            case .line(""): continue
            case .line(let text): try Answer.say(["error": "'\(text.prefix(100))' is not known; say truth or quit"])
            }
        }
    }

    private struct TruthAnswer: Encodable {
        var truth: String
        var events: Int
    }
}
