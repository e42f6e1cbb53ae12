import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a receiver that is started by hand takes.
public enum ReceiveMode: String, Sendable, CaseIterable {
    /// The exchange directly.
    case baseline
    /// A forwarder's events.
    case awsBackbone = "aws-backbone"
    /// Both at once.
    case both
}

/// The feed that an agent by hand is asked to take.
public struct ByHandFeed: Sendable {
    /// The market; nil for what the URL says.
    public var market: Market?
    /// The streams; empty for what the URL says, or the standard one.
    public var streams: [String]
    /// Connections to the exchange.
    public var lanes: Int
    /// Whether the agent never sleeps.
    public var busyPoll: Bool
    /// The niceness that the measuring thread asks for; nil leaves it as it is.
    public var niceness: Int?

    /// A feed.
    public init(
        market: Market? = nil,
        streams: [String] = [],
        lanes: Int = 1,
        busyPoll: Bool = false,
        niceness: Int? = nil
    ) {
        self.market = market
        self.streams = streams
        self.lanes = lanes
        self.busyPoll = busyPoll
        self.niceness = niceness
    }
}

/// Plans of agents that are started by hand: no secret, no laptop, the window opens with the first event.
public enum ByHandPlan {
    /// How long may be measured.
    static let durationsSeconds = 1...31_536_000
    /// The ports to listen on; 0 takes a free one.
    static let listenPorts = 0...65_535
    /// The ports to dial.
    static let destinationPorts = 1...65_535
    /// The longest pause between attempts to connect.
    static let reconnectPausesSeconds = 1...3_600

    /// A receiver's plan.
    ///
    /// - Throws: `AgentError` `badPlan` for values that make no sense.
    public static func receive(
        mode: ReceiveMode,
        port: Int,
        durationSeconds: Int,
        outputFile: String,
        transport: PathTransport? = nil,
        url: String?,
        feed: ByHandFeed
    ) throws -> AgentPlan {
        try check(durationSeconds, durationsSeconds, "--duration")
        try check(port, listenPorts, "--port")
        var paths: [AgentPath] = []
        if mode != .awsBackbone { paths.append(AgentPath(name: "baseline", kind: .direct, lanes: feed.lanes)) }
        if mode != .baseline {
            paths.append(
                AgentPath(name: "aws-backbone", kind: .relay, lanes: feed.lanes, port: port, transport: transport)
            )
        }
        var plan = try plan(.receive, paths: paths, url: url, feed: feed)
        plan.duration = .seconds(Int64(durationSeconds))
        // A day longer than the window: the first event may be late, but a forgotten agent must end.
        plan.deadline = .seconds(Int64(durationSeconds) + 86_400)
        plan.outputFile = outputFile
        return plan
    }

    /// A forwarder's plan.
    ///
    /// - Throws: `AgentError` `badPlan` for values that make no sense.
    public static func forward(
        address: String,
        port: Int,
        reconnectMaximumSeconds: Int,
        bufferEvents: Int,
        primedOctets: Int = 0,
        transport: PathTransport? = nil,
        url: String?,
        feed: ByHandFeed
    ) throws -> AgentPlan {
        try check(primedOctets, 0...(64 << 20), "--prime")
        try check(port, destinationPorts, "--port")
        try check(reconnectMaximumSeconds, reconnectPausesSeconds, "--reconnect-max-delay")
        try check(bufferEvents, 1...10_000_000, "--buffer-events")
        guard transport != .udp || primedOctets == 0 else {
            throw AgentError(.badPlan, "--prime is for TCP: datagrams wait for no window")
        }
        try checkAddress(address)
        let path = AgentPath(
            name: "aws-backbone",
            kind: .relay,
            lanes: feed.lanes,
            port: port,
            destination: address,
            transport: transport
        )
        var plan = try plan(.forward, paths: [path], url: url, feed: feed)
        plan.reconnect.max = .seconds(Int64(reconnectMaximumSeconds))
        plan.reconnect.initial = min(plan.reconnect.initial, plan.reconnect.max)
        plan.bufferEvents = bufferEvents
        plan.relay = primedOctets > 0 ? RelayTransport(primedOctets: primedOctets) : nil
        return plan
    }

    private static func plan(
        _ role: AgentPlan.Role,
        paths: [AgentPath],
        url: String?,
        feed: ByHandFeed
    ) throws -> AgentPlan {
        try check(feed.lanes, 1...64, "--lanes")
        if let niceness = feed.niceness { try check(niceness, AgentPlan.nicenesses, "--niceness") }
        let (market, streams) = try FeedTarget.selection(url: url, market: feed.market, streams: feed.streams)
        let plan = AgentPlan(
            runID: role == .forward ? ownName() : "by-hand",
            host: role == .forward ? "tokyo" : "frankfurt",
            role: role,
            market: market,
            streams: streams,
            feedURL: url,
            paths: paths,
            start: .atFirstEvent,
            warmUp: .seconds(0),
            duration: .seconds(300),
            deadline: .seconds(365 * 86_400),
            busyPoll: feed.busyPoll ? true : nil,
            niceness: feed.niceness,
            chronyc: []
        )
        // Before anything is made on the disk.
        if role == .forward || paths.contains(where: { $0.kind == .direct }) { try FeedTarget.check(plan) }
        return plan
    }

    /// A forwarder's own name, by which a receiver tells it from another one.
    private static func ownName() -> String {
        "by-hand-" + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    /// Refuses what can be neither an address nor a host's name, before it is looked up for ever.
    static func checkAddress(_ address: String) throws {
        func refuse(_ why: String) -> AgentError {
            AgentError(.badPlan, "'\(address.prefix(100))' is no address and no host's name\(why) (--frankfurt-ip)")
        }
        let isPlausible = address.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || ".:-_%[]".contains($0))
        }
        guard isPlausible, !address.isEmpty else { throw refuse("") }
        let colons = address.count { $0 == ":" }
        if colons == 1 { throw refuse(": the port is given by --port") }
        if colons > 1 {
            let bare = address.prefix { $0 != "%" }.filter { !"[]".contains($0) }
            var octets = in6_addr()
            guard inet_pton(AF_INET6, String(bare), &octets) == 1 else { throw refuse("") }
        } else if address.allSatisfy({ $0.isNumber || $0 == "." }) {
            var octets = in_addr()
            guard inet_pton(AF_INET, address, &octets) == 1 else { throw refuse(": four numbers from 0 to 255") }
        }
    }

    static func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws {
        guard range.contains(value) else {
            throw AgentError(.badPlan, "\(name) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }
}
