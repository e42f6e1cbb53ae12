/// Every key that an experiment file may have: what `ExperimentReader` goes by, and what reference and JSON Schema are made from.
///
/// A key that is not here is refused as unknown. Defaults and limits are the model's own values.
/// `RECORD_GOLDENS=1 swift test --filter ExperimentReference` writes reference and schema anew after a change.
public enum ExperimentKeys {
    /// The file itself.
    public static let root = ExperimentObject(
        "",
        "What to measure.",
        [
            ExperimentKey(
                "$schema",
                .text(),
                example: "experiment.schema.json",
                "The JSON Schema, for editors; latexp does not look at it. `latexp schema` prints it."
            ),
            ExperimentKey(
                "name",
                .text(pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"),
                isRequired: true,
                example: "tokyo-frankfurt",
                "The name, with which run directories begin: 1 to 64 letters of ASCII, digits, `-`, `_` and `.`, and neither `-` "
                    + "nor `.` first."
            ),
            ExperimentKey("feed", .object(feed), isRequired: true, "The market data that is timed."),
            ExperimentKey("hosts", .inventory(host), "The machines."),
            ExperimentKey(
                "receiver",
                .text(),
                isRequired: true,
                example: "frankfurt",
                "The name of the host where every path ends."
            ),
            ExperimentKey("paths", .list(path), isRequired: true, "The ways by which the feed reaches the receiver."),
            ExperimentKey("schedule", .object(schedule), "When the paths are measured, and for how long."),
            ExperimentKey("clock", .object(clock), "How good the clocks must be before anything is measured."),
            ExperimentKey("reconnect", .object(reconnect), "How lost connections are opened again."),
            ExperimentKey(
                "relayBuffer",
                .object(relayBuffer),
                "What a forwarder keeps while its receiver is away."
            ),
            ExperimentKey("relay", .object(relay), "How relay connections over TCP are kept ready for bursts."),
            ExperimentKey("lab", .object(lab), "A simulated world on this machine, instead of hosts."),
        ],
        rules: [
            "It has either `hosts` or `lab`. A lab brings the hosts `tokyo` and `frankfurt`.",
            "`receiver`, and each path's `via`, is the name of one of the hosts.",
            "No two paths have the same name, nor, over the same transport, the same port.",
        ],
        schema: ["oneOf": [["required": ["hosts"]], ["required": ["lab"]]]]
    )

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

    static let path = ExperimentObject(
        "paths[]",
        "One way by which the feed reaches the receiver.",
        [
            ExperimentKey(
                "name",
                // Any letter or digit; of ASCII, nothing else but - and _.
                .text(pattern: "^[^\\u0000-,./:-@\\[-^`{-\\u007f]{1,40}$"),
                isRequired: true,
                example: "backbone",
                "The name, as it stands in results and reports: 1 to 40 letters, digits, `-` and `_`."
            ),
            ExperimentKey(
                "kind",
                .choice(PathSpecification.Kind.allCases.map(\.rawValue)),
                isRequired: true,
                "`direct`: the receiver dials the exchange itself. `relay`: a forwarder takes the feed and relays it."
            ),
            ExperimentKey("via", .text(), example: "tokyo", "The name of the host that forwards."),
            ExperimentKey(
                "to",
                .text(),
                example: "private",
                "What the forwarder dials: `private`, `public` or `accelerator` for that address of the receiver, or any other "
                    + "address. In a lab it is left out."
            ),
            ExperimentKey(
                "port",
                .wholeNumber(0...65_535),
                example: 8080,
                "The receiver's port. 0 only in a lab, and the same as leaving it out there: any port that is free."
            ),
            ExperimentKey(
                "transport",
                .choice(PathTransport.allCases.map(\.rawValue)),
                standard: "tcp",
                example: "udp",
                "What carries the events. `tcp`: nothing is lost while the connection stands, and what the way loses shows as delay. "
                    + "`udp`: a datagram for each event, and what the way loses is lost, and counted."
            ),
        ],
        rules: [
            "A direct path has no `via`, `to`, `port` or `transport`.",
            "A relay path has `via`, and unless there is a lab `to` and `port`.",
            "The links of a lab carry TCP only.",
        ],
        schema: [
            "if": ["properties": ["kind": ["const": "direct"]], "required": ["kind"]],
            "then": ["properties": ["via": false, "to": false, "port": false, "transport": false]],
            "else": ["required": ["via"]],
        ]
    )

    static let schedule = ExperimentObject(
        "schedule",
        "When the paths are measured, and for how long.",
        [
            ExperimentKey(
                "mode",
                .choice(Schedule.Mode.allCases.map(\.rawValue)),
                standard: .string(Schedule().mode.rawValue),
                example: "sequential",
                "`simultaneous`: all paths at once at one receiver, the same events on one clock. `sequential`: one path after the other."
            ),
            ExperimentKey(
                "duration",
                .timeSpan(least: Schedule.shortestMeasurement, most: Schedule.longestMeasurement),
                standard: .string("\(Schedule().duration)"),
                example: "60s",
                "The measured time of each path, without the warm-up."
            ),
            ExperimentKey(
                "warmUp",
                .timeSpan(least: .seconds(0), most: Schedule.longestWarmUp),
                standard: .string("\(Schedule().warmUp)"),
                example: "3s",
                "The time at the start of each block whose samples are recorded, but not analysed."
            ),
            ExperimentKey(
                "lanesPerPath",
                .wholeNumber(Schedule.laneCounts),
                standard: .number(Double(Schedule().lanesPerPath)),
                example: 2,
                "Connections a path. With one, no path is called sooner: it could be the exchange's servers."
            ),
            ExperimentKey(
                "blockDuration",
                .timeSpan(least: Schedule.shortestMeasurement),
                example: "60s",
                "The longest time that a sequential run measures one path for, before it turns to the next; without it the whole `duration`."
            ),
            ExperimentKey(
                "seed",
                .seed,
                example: 20_240_719,
                "Draws the order of sequential blocks; without it a seed is drawn, and recorded."
            ),
            ExperimentKey(
                "repeat",
                .wholeNumber(1...Schedule.mostRepetitions),
                example: 24,
                "How many times the whole is done, each a run of a campaign; without it once, and no campaign."
            ),
            ExperimentKey(
                "every",
                .timeSpan(least: TimeSpan(ns: 1), most: Schedule.longestMeasurement),
                example: "1h",
                "From the start of one run of a campaign to the start of the next; longer than a run's warm-ups and measured times together."
            ),
        ],
        rules: [
            "`blockDuration` goes with `\"mode\": \"sequential\"`.",
            "`every` goes with `repeat`, and a `repeat` of more than 1 needs it.",
        ],
        schema: [
            "dependentRequired": ["every": ["repeat"]],
            "if": ["properties": ["mode": ["const": "sequential"]], "required": ["mode"]],
            "else": ["properties": ["blockDuration": false]],
        ]
    )

    static let clock = ExperimentObject(
        "clock",
        "How good every host's clock must be before anything is measured.",
        [
            ExperimentKey(
                "maxError",
                .timeSpan(least: TimeSpan(ns: 1)),
                standard: .string("\(ClockRequirement().maxError)"),
                example: "500us",
                "The largest clock bound that passes: abs(offset) + root dispersion + root delay / 2, as chrony gives them."
            ),
            ExperimentKey(
                "wait",
                .timeSpan(least: .seconds(0), most: ClockRequirement.longestWait),
                standard: .string("\(ClockRequirement().wait)"),
                example: "60s",
                "How long to wait for clocks to become as good as that."
            ),
        ]
    )

    static let reconnect = ExperimentObject(
        "reconnect",
        "How lost connections are opened again: each pause is drawn between half of its step and the whole, and steps double.",
        [
            ExperimentKey(
                "initial",
                .timeSpan(least: TimeSpan(ns: 1)),
                standard: .string("\(ReconnectPolicy().initial)"),
                example: "500ms",
                "The first step."
            ),
            ExperimentKey(
                "max",
                .timeSpan(least: TimeSpan(ns: 1)),
                standard: .string("\(ReconnectPolicy().max)"),
                example: "10s",
                "The longest step; not less than `initial`."
            ),
        ]
    )

    static let relayBuffer = ExperimentObject(
        "relayBuffer",
        "What a forwarder keeps while its receiver is away.",
        [
            ExperimentKey(
                "events",
                .wholeNumber(RelayBuffer.sizes),
                standard: .number(Double(RelayBuffer().events)),
                example: 1_000,
                unit: "events a lane",
                "How many events; when it is full the oldest is dropped, and counted."
            )
        ]
    )

    static let relay = ExperimentObject(
        "relay",
        "How relay connections over TCP are kept ready for bursts.",
        [
            ExperimentKey(
                "primedOctets",
                .wholeNumber(RelayTransport.primedSizes),
                standard: .number(Double(RelayTransport().primedOctets)),
                example: 0,
                unit: "octets",
                "The congestion window that padding opens and keeps open; 0 sends no padding."
            ),
            ExperimentKey(
                "congestionControl",
                .text(),
                standard: .string(RelayTransport().congestionControl ?? RelayTransport.hostsOwn),
                example: "bbr",
                "The congestion control to ask the kernel for, such as `cubic` or `bbr`; `host` leaves the host's own. BBR paces what it "
                    + "sends by the rate that it has seen, which spreads the bursts of a quiet feed."
            ),
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
