import ArgumentParser
import ExperimentModel
import Foundation
import LabWorld

struct SinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract:
            "Takes what a relay sends and notes when each message came, for benchmarks; ends when the relay closes.",
        discussion: """
            One line of JSON on standard output names the port as soon as it listens, a second one at the end says how many \
            messages came. Messages are found by their "u", whatever the relay's framing; the times are the kernel's.
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 0

    @Option(help: ArgumentHelp("How long it waits for the end.", valueName: "seconds"))
    var wait = 120

    @Option(help: ArgumentHelp("Write u,arrival_wall_ns of each message here when all is over.", valueName: "file"))
    var record: String?

    func run() throws {
        do {
            let sink = try TickerSink(host: host, port: port)
            try Answer.say(["port": sink.port])
            try sink.run(patienceSeconds: wait)
            if let record { try sink.write(to: record) }
            try Answer.say(["messages": sink.count])
        } catch {
            FileHandle.standardError.write(Data("latexp-lab: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }
}
