import AgentCore
import ArgumentParser
import ExperimentModel

/// `latexp-agent forward`: takes the feed and relays it on.
struct ForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Takes the feed and relays every event to a receiver, with the times of its arrival and its sending.",
        usage: "latexp-agent forward --frankfurt-ip <address> [<options>]",
        discussion: """
            Runs until the receiver says that its time is over, or until it is told to \
            stop; it then says goodbye with its totals. While the receiver is away, \
            events wait, and it is dialled again after 1, 2, 4, 8 ... seconds.

              latexp-agent forward --frankfurt-ip 10.1.1.10 --port 8080
              latexp-agent forward --config tokyo-config.json

            \(Help.files())

            \(Help.statuses)
            """
    )

    @Option(help: ArgumentHelp("Follow the plan that latexp sent; all other options are ignored.", valueName: "file"))
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "Read options from a JSON file; those given here win. Its keys: binance_ws_url, frankfurt_private_ip, frankfurt_port, reconnect_max_delay_secs.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The receiver's address, private over VPC peering. Required, here or in the file.",
            valueName: "address"
        )
    )
    var frankfurtIP: String?

    @Option(parsing: .unconditional, help: "The receiver's port (default: 8080).")
    var port: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The longest pause between attempts to connect (default: 30).", valueName: "seconds"),
        transform: WholeSeconds.read
    )
    var reconnectMaxDelay: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Events kept while the receiver is away (default: 100000).", valueName: "count")
    )
    var bufferEvents: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keep the connection ready for bursts of this size with padding; latexp's receivers only; 0 for none.",
            valueName: "octets"
        )
    )
    var prime: Int = 0

    @Option(help: "What carries the events, the same as the receiver's: tcp (default), or udp, an event a datagram.")
    var transport: PathTransport = .tcp

    @OptionGroup var feed: FeedOptions

    func run() throws {
        try AgentProcess.run(planPath: plan) {
            let file = try config.map { try ByHandConfiguration.read(path: $0) } ?? ByHandConfiguration()
            guard let address = frankfurtIP ?? file.frankfurtPrivateIP else {
                throw AgentError(
                    .badPlan,
                    "forward needs --frankfurt-ip, the receiver's address (frankfurt_private_ip in the file)"
                )
            }
            return try ByHandPlan.forward(
                address: address,
                port: port ?? file.frankfurtPort ?? 8_080,
                reconnectMaximumSeconds: reconnectMaxDelay ?? file.reconnectMaximumDelaySeconds ?? 30,
                bufferEvents: bufferEvents ?? RelayBuffer().events,
                primedOctets: prime,
                transport: transport,
                url: feed.binanceWSURL ?? file.binanceWebSocketURL,
                feed: feed.selection
            )
        }
    }
}

extension PathTransport: ExpressibleByArgument {}
