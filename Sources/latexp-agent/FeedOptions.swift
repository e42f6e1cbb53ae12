import AgentCore
import ArgumentParser
import ExperimentModel

/// The options by which an agent that is started by hand finds its feed.
struct FeedOptions: ParsableArguments {
    @Option(
        name: .customLong("binance-ws-url"),
        help: ArgumentHelp(
            "Where the feed is; with /ws/<stream> or /stream?streams=… at its end it names the streams too.",
            valueName: "url"
        )
    )
    var binanceWSURL: String?

    @Option(help: "spot, usdm or coinm (default: usdm, or what the URL says).")
    var market: Market?

    @Option(
        help: ArgumentHelp(
            "A stream to take; may be given several times (default: btcusdt@bookTicker).",
            valueName: "name"
        )
    )
    var stream: [String] = []

    @Option(parsing: .unconditional, help: "Connections to the exchange.")
    var lanes: Int = 1

    @Flag(help: "Never sleep: saves the time that waking up takes, and needs a core of its own.")
    var busyPoll = false

    // Unconditional: its value may begin with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Ask for this niceness, -20 to 19; below zero needs root and comes before all else on the host (default: as it is).",
            valueName: "number"
        )
    )
    var niceness: Int?

    var selection: ByHandFeed {
        ByHandFeed(market: market, streams: stream, lanes: lanes, busyPoll: busyPoll, niceness: niceness)
    }
}

extension Market: ExpressibleByArgument {}
