/// What is measured, and on what: the feed, the machines, or the simulated world instead of them.
extension ExperimentKeys {
    static let feed = ExperimentObject(
        "feed",
        "The market data that is timed.",
        [
            ExperimentKey(
                "market",
                .choice(Market.allCases.map(\.rawValue)),
                standard: .string(FeedSpecification(streams: []).market.rawValue),
                example: "spot",
                "Binance's spot market, or its futures: `usdm` margined in dollars, `coinm` in coins. Spot's `bookTicker` has no "
                    + "event time, so that only differences between paths can be measured with it."
            ),
            ExperimentKey(
                "streams",
                .texts(count: 1...FeedSpecification.mostStreams, pattern: StreamName.pattern),
                isRequired: true,
                example: ["btcusdt@bookTicker"],
                "Stream names as Binance writes them, `<symbol>@<kind>` with the symbol in small letters, each once. In a lab only "
                    + "kinds that its exchange has events for: `bookTicker` and `trade`."
            ),
            ExperimentKey(
                "url",
                .text(pattern: "^wss?://"),
                example: "wss://fstream.binance.com/public",
                "Where to connect; without it the market's own address."
            ),
            ExperimentKey(
                "caFile",
                .text(),
                example: "ca.pem",
                "A file of certificates to trust, on the laptop and relative to the experiment file; it is sent along. Without it "
                    + "each host's own bundle."
            ),
        ]
    )

    static let host = ExperimentObject(
        "hosts.NAME",
        "One machine under a name of your choice, without `/` and no `.` first.",
        [
            ExperimentKey(
                "ssh",
                .text(),
                example: "admin@203.0.113.7",
                "How to reach it: `user@address[:port]`, or an alias that `ssh -G` resolves."
            ),
            ExperimentKey(
                "local",
                .flag,
                standard: .bool(HostSpecification().isLocal),
                "This machine itself, without SSH."
            ),
            ExperimentKey(
                "identityFile",
                .text(),
                example: "~/.ssh/latexp",
                "The private key, relative to the experiment file; without it the SSH agent's keys and the usual files."
            ),
            ExperimentKey(
                "knownHosts",
                .text(),
                example: "known_hosts",
                "The known-hosts file, relative to the experiment file; without it the usual ones."
            ),
            ExperimentKey(
                "hostKey",
                .text(),
                example: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "The host key to insist on, a `SHA256:` fingerprint or a key line; without it the known-hosts file must have the host."
            ),
            ExperimentKey(
                "privateAddress",
                .text(),
                example: "10.1.1.10",
                "The address in its private network; forwarders dial it for `\"to\": \"private\"`."
            ),
            ExperimentKey(
                "publicAddress",
                .text(),
                example: "198.51.100.7",
                "The address on the internet; forwarders dial it for `\"to\": \"public\"`."
            ),
            ExperimentKey(
                "acceleratorAddress",
                .text(),
                example: "a1234567890abcdef.awsglobalaccelerator.com",
                "A name or address of an accelerator in front of it; forwarders dial it for `\"to\": \"accelerator\"`."
            ),
            ExperimentKey(
                "region",
                .text(),
                example: "eu-central-1",
                "The cloud region that it claims to be in; on EC2 this is checked."
            ),
            ExperimentKey(
                "chronyc",
                .texts(),
                example: ["-h", "127.0.0.1", "-p", "11323"],
                "Extra arguments of `chronyc`, when chronyd listens elsewhere."
            ),
            ExperimentKey(
                "connectTo",
                .textMap,
                example: ["fstream.binance.com:443": "203.0.113.99:443"],
                "Other addresses to dial than those named, `HOST:PORT` to `ADDRESS:PORT`; TLS still checks the name."
            ),
            ExperimentKey(
                "niceness",
                .wholeNumber(AgentPlan.nicenesses),
                example: -20,
                "The niceness that the agent's measuring thread asks for. Below zero it needs root, and comes before everything "
                    + "else on the host. Without it, as the login's is."
            ),
            ExperimentKey(
                "simulated",
                .flag,
                standard: false,
                "Whether it stands in a lab, so that reports say that no real network was measured."
            ),
        ],
        rules: ["It has `ssh`, or `\"local\": true`, and not both."],
        schema: [
            "if": ["properties": ["local": ["const": true]], "required": ["local"]],
            "then": ["properties": ["ssh": false]],
            "else": ["required": ["ssh"]],
        ]
    )

    static let lab = ExperimentObject(
        "lab",
        "A simulated world on this machine: an exchange, two hosts named `tokyo` and `frankfurt`, and the links between them.",
        [
            ExperimentKey(
                "seed",
                .seed,
                standard: .number(Double(LabSpecification().seed)),
                example: 7,
                "Draws the feed and every link's jitter."
            ),
            ExperimentKey(
                "rate",
                .number(LabSpecification.rates),
                standard: .number(LabSpecification().rate),
                example: 250,
                unit: "messages a second",
                "How many messages there are on average; they come in bursts."
            ),
            ExperimentKey(
                "direct",
                .object(link("direct", LabSpecification().direct)),
                "The link from the exchange to Frankfurt."
            ),
            ExperimentKey(
                "tokyo",
                .object(link("tokyo", LabSpecification().tokyo)),
                "The link from the exchange to Tokyo."
            ),
            ExperimentKey(
                "backbone",
                .object(link("backbone", LabSpecification().backbone)),
                "The link from Tokyo to Frankfurt."
            ),
            ExperimentKey(
                "clockFault",
                .choice(LabSpecification.ClockFault.allCases.map(\.rawValue)),
                standard: .string(LabSpecification().clockFault.rawValue),
                example: "unsynchronised",
                "What is wrong with Frankfurt's clock. `unsynchronised`: its chronyd has no source. `localReference`: it follows nothing but "
                    + "its own clock. `noDaemon`: there is no chronyd. Each stops a run at its clock gate."
            ),
        ]
    )

    /// A link of a lab, which differ in their defaults.
    private static func link(_ name: String, _ standard: LabSpecification.Link) -> ExperimentObject {
        ExperimentObject(
            "lab.\(name)",
            "One link, both ways alike.",
            [
                ExperimentKey(
                    "delay",
                    .timeSpan(least: .seconds(0), most: LabSpecification.longestDelay),
                    standard: .string("\(standard.delay)"),
                    example: "5ms",
                    "The least delay, each way."
                ),
                ExperimentKey(
                    "jitter",
                    .timeSpan(least: .seconds(0), most: LabSpecification.longestDelay),
                    standard: .string("\(standard.jitter)"),
                    example: "30us",
                    "The median of what is added to the delay; its distribution is log-normal, and order is kept."
                ),
            ]
        )
    }
}
