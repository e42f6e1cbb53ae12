import ArgumentParser
import ExperimentModel
import Foundation
import LabWorld

struct FeedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed",
        abstract: "Sends book tickers at an even pace to WebSocket clients, for benchmarks, and ends by itself.",
        discussion: """
            One line of JSON on standard output names the port as soon as it listens. Sending begins when the clients are there \
            (--clients); whatever path they ask for, they get the one stream, in the wrapper of a combined stream when the path \
            ends with /stream. The payload is USD-M's, u counts up without a gap, T and E are the time of sending. Each message \
            is a send of its own unless --packed is given. A second line says at the end how many were sent, how late the latest was, and what processor \
            time it took.
            """
    )

    @Option(help: "Messages a second, 1 to 2000000.")
    var rate = 1_000

    @Option(help: "How many are sent at once; the pauses are longer then.")
    var burst = 1

    @Flag(help: "What is due at the same moment goes out in one send, for rates that cost a core otherwise.")
    var packed = false

    @Option(help: "How long it sends.")
    var seconds = 10

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 0

    @Option(help: "How many clients it waits for; more may come later.")
    var clients = 1

    @Option(help: ArgumentHelp("How long it waits for them.", valueName: "seconds"))
    var wait = 60

    @Option(parsing: .unconditional, help: ArgumentHelp("The first message's u.", valueName: "u"))
    var firstID: Int64 = PacedFeedSettings().firstID

    @Option(help: "The symbol, in small letters.")
    var symbol = PacedFeedSettings().symbol

    @Option(help: ArgumentHelp("A certificate chain in PEM: wss instead of ws, with --key.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The certificate's key in PEM.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("Write u,sent_wall_ns of each message here when all is over.", valueName: "file"))
    var record: String?

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key go together") }
    }

    func run() throws {
        do {
            let feed = try PacedFeed(settings)
            try Answer.say(["port": feed.port])
            try Answer.say(try feed.run())
        } catch {
            FileHandle.standardError.write(Data("latexp-lab: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }

    private var settings: PacedFeedSettings {
        var settings = PacedFeedSettings()
        settings.host = host
        settings.port = port
        settings.rate = rate
        settings.burst = burst
        settings.isPacked = packed
        settings.seconds = seconds
        settings.clients = clients
        settings.patienceSeconds = wait
        settings.firstID = firstID
        settings.symbol = symbol
        settings.recordFile = record
        if let cert, let key { settings.certificate = (cert, key) }
        return settings
    }
}
