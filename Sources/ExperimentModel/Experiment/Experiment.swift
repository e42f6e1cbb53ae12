/// What to measure: one feed, some hosts, the paths between them, and when.
///
/// This is the experiment file with every default filled in. `ExperimentReader` makes one from text; `problems()` lists
/// all that is wrong with it. Both the supplied text and this value are saved with every run.
public struct Experiment: Codable, Hashable, Sendable {
    /// The name, with which run directories begin.
    ///
    /// Letters, digits, `-`, `_` and `.`.
    public var name: String
    /// The market data that is timed.
    public var feed: FeedSpecification
    /// The machines, by name.
    public var hosts: [String: HostSpecification]
    /// The name of the host where every path ends.
    public var receiver: String
    /// The ways by which the feed reaches the receiver.
    public var paths: [PathSpecification]
    /// When and for how long.
    public var schedule: Schedule
    /// How good the clocks must be.
    public var clock: ClockRequirement
    /// How lost connections are opened again.
    public var reconnect: ReconnectPolicy
    /// What a forwarder keeps while its receiver is away.
    public var relayBuffer: RelayBuffer
    /// How relay connections are kept ready for bursts; nil for the documented default.
    public var relay: RelayTransport?
    /// A simulated world on this machine to run in, instead of real hosts.
    public var lab: LabSpecification?

    /// An experiment from its parts; what is left out gets the documented default.
    public init(
        name: String,
        feed: FeedSpecification,
        hosts: [String: HostSpecification],
        receiver: String,
        paths: [PathSpecification],
        schedule: Schedule = Schedule(),
        clock: ClockRequirement = ClockRequirement(),
        reconnect: ReconnectPolicy = ReconnectPolicy(),
        relayBuffer: RelayBuffer = RelayBuffer(),
        relay: RelayTransport? = nil,
        lab: LabSpecification? = nil
    ) {
        self.name = name
        self.feed = feed
        self.hosts = hosts
        self.receiver = receiver
        self.paths = paths
        self.schedule = schedule
        self.clock = clock
        self.reconnect = reconnect
        self.relayBuffer = relayBuffer
        self.relay = relay
        self.lab = lab
    }

    /// Whether it runs in a lab: one that it brings up, or one whose hosts say so.
    public var isSimulated: Bool {
        lab != nil || participatingHosts.contains { hosts[$0]?.simulated == true }
    }

    /// The hosts that take part, receiver first, forwarders in the order of their paths.
    public var participatingHosts: [String] {
        var names = [receiver]
        for path in paths {
            if let via = path.via, !names.contains(via) { names.append(via) }
        }
        return names
    }

    /// The hosts that forward for at least one path.
    public var forwarders: [String] { Array(participatingHosts.dropFirst()) }
}

/// The market data that a run takes from the exchange.
public struct FeedSpecification: Codable, Hashable, Sendable {
    /// The most streams that Binance takes on one connection.
    public static let mostStreams = 1_024

    /// The market.
    public var market: Market
    /// Stream names as Binance writes them, lower case: `btcusdt@bookTicker`.
    public var streams: [String]
    /// Where to connect; nil for the market's own address.
    public var url: String?
    /// A file of trusted certificates on the laptop that is sent along; nil for each host's own bundle.
    public var caFile: String?

    /// A feed of `streams` in `market`.
    public init(market: Market = .usdm, streams: [String], url: String? = nil, caFile: String? = nil) {
        self.market = market
        self.streams = streams
        self.url = url
        self.caFile = caFile
    }

    /// Whether no stream of this feed says when the exchange sent its events, so that only differences can be measured.
    public var hasNoEventTime: Bool {
        market == .spot && streams.allSatisfy { !Self.carriesEventTime(spotStream: $0) }
    }

    /// Whether a spot stream's messages carry `E`; `bookTicker` and partial depth do not.
    private static func carriesEventTime(spotStream stream: String) -> Bool {
        let parts = stream.split(separator: "@").dropFirst()
        guard let kind = parts.first else { return false }
        if kind == "bookTicker" { return false }
        let isPartialDepth = kind.hasPrefix("depth") && kind != "depth"
        return !isPartialDepth
    }
}

/// One way by which the feed reaches the receiver.
public struct PathSpecification: Codable, Hashable, Sendable {
    /// What lies between the exchange and the receiver.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The receiver dials the exchange itself.
        case direct
        /// A forwarder takes the feed and relays it.
        case relay

        /// The first design's name of a path kind, as it stands in results.
        public var setupType: String { self == .direct ? "baseline" : "aws-backbone" }
    }

    /// The receiver's address that a forwarder dials.
    public enum Destination: Hashable, Sendable {
        /// The receiver's `privateAddress`: over VPC peering.
        case privateAddress
        /// The receiver's `publicAddress`.
        case publicAddress
        /// The receiver's `acceleratorAddress`: over AWS Global Accelerator.
        case acceleratorAddress
        /// Any other address.
        case address(String)
    }

    /// The path's name, as it stands in results and reports.
    public var name: String
    /// Direct or relayed.
    public var kind: Kind
    /// The forwarder's host name; relayed paths only.
    public var via: String?
    /// The receiver's address that the forwarder dials; relayed paths only.
    public var to: Destination?
    /// The receiver's port that the forwarder dials; relayed paths only.
    public var port: Int?
    /// What carries the events from the forwarder to the receiver; relayed paths only, nil for TCP.
    public var transport: PathTransport?

    /// A path from its parts.
    public init(
        name: String,
        kind: Kind,
        via: String? = nil,
        to: Destination? = nil,
        port: Int? = nil,
        transport: PathTransport? = nil
    ) {
        self.name = name
        self.kind = kind
        self.via = via
        self.to = to
        self.port = port
        self.transport = transport
    }
}

extension PathSpecification.Destination: Codable {
    /// Reads the text of the experiment file.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text of the experiment file.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Reads `private`, `public`, `accelerator`, or an address.
    public init(_ text: String) {
        switch text {
        case "private": self = .privateAddress
        case "public": self = .publicAddress
        case "accelerator": self = .acceleratorAddress
        default: self = .address(text)
        }
    }

    /// The text of the experiment file.
    public var text: String {
        switch self {
        case .privateAddress: "private"
        case .publicAddress: "public"
        case .acceleratorAddress: "accelerator"
        case .address(let address): address
        }
    }
}
