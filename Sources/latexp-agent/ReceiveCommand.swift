import AgentCore
import ArgumentParser
import ExperimentModel

/// `latexp-agent receive`: the end of every path.
struct ReceiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Takes the feed directly, from a forwarder, or both at once, and records when each event arrived.",
        usage: "latexp-agent receive [<options>]",
        discussion: """
            The results go to --output-file as JSON, and every sample to a CSV file \
            beside it; earlier files of these names are kept under others. With both \
            modes at once each path has files of its own: results-baseline.json, \
            results-aws-backbone.json. Delays are in ms, times in ns since 1970 UTC by \
            this host's clock (binance_event_time: ms, tokyo_*: the forwarder's clock).

              latexp-agent receive --mode baseline --duration 300
              latexp-agent receive --mode aws-backbone --port 8080 --duration 300
              latexp-agent receive --config frankfurt-config.json

            It waits for the first event for up to a day, measures for --duration from \
            there, and ends itself. What a forwarder took before the relay stood does not \
            count. After a SIGKILL `latexp-agent results FOLDER` saves what was measured.

            \(Help.files("samples.bin, ports.json, "))

            \(Help.statuses)
            """
    )

    @Option(help: ArgumentHelp("Follow the plan that latexp sent; all other options are ignored.", valueName: "file"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Read options from a JSON file; those given here win. Its keys: mode, binance_ws_url, listen_port, duration_secs, output_file.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(help: "baseline: dial the exchange (default). aws-backbone: wait for a forwarder. both: at once.")
    var mode: ReceiveMode?

    @Option(parsing: .unconditional, help: "The port that forwarders dial (default: 8080).")
    var port: Int?

    @Option(help: "What carries forwarders' events: tcp (default), or udp, an event a datagram.")
    var transport: PathTransport = .tcp

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long to measure, from the first event (default: 300).", valueName: "seconds"),
        transform: WholeSeconds.read
    )
    var duration: Int?

    @Option(help: ArgumentHelp("Where the results go (default: results.json).", valueName: "file"))
    var outputFile: String?

    @OptionGroup var feed: FeedOptions

    func run() throws {
        try AgentProcess.run(planPath: plan) {
            let file = try config.map { try ByHandConfiguration.read(path: $0) } ?? ByHandConfiguration()
            // Reading the file has refused other names.
            let configuredMode = file.mode.flatMap { ReceiveMode(rawValue: $0) }
            return try ByHandPlan.receive(
                mode: mode ?? configuredMode ?? .baseline,
                port: port ?? file.listenPort ?? 8_080,
                durationSeconds: duration ?? file.durationSeconds ?? 300,
                outputFile: outputFile ?? file.outputFile ?? "results.json",
                transport: transport,
                url: feed.binanceWSURL ?? file.binanceWebSocketURL,
                feed: feed.selection
            )
        }
    }
}

extension ReceiveMode: ExpressibleByArgument {}
