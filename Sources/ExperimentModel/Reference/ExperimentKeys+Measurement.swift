/// How it is measured: the paths, when, with which clocks, and what connections do.
extension ExperimentKeys {
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
}
