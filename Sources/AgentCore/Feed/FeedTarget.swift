import ExperimentModel
import MarketFeed
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a lane's connection to the exchange goes: the address to dial, the name to verify, the request to make.
struct FeedTarget {
    /// What to dial.
    private(set) var dialTarget: Dialer.Target
    private let endpoint: FeedEndpoint

    /// The target of a plan's feed.
    ///
    /// - Throws: `AgentError` `badPlan` for a URL that makes no sense, `TransportError` for certificates that cannot be
    ///   used.
    init(plan: AgentPlan) throws {
        endpoint = try Self.endpoint(of: plan)
        let environment = ProcessInfo.processInfo.environment
        let tls = endpoint.isSecure ? try TLSContext.client(caFile: plan.caFile, environment: environment) : nil
        let address = try HostAndPort(endpoint.host, endpoint.port).replaced(by: plan.connectTo)
        dialTarget = Dialer.Target(host: address.host, port: address.port, tls: tls, serverName: endpoint.host)
    }

    /// Refuses a plan whose URL or streams make no sense.
    ///
    /// - Throws: `AgentError` `badPlan`.
    static func check(_ plan: AgentPlan) throws { _ = try endpoint(of: plan) }

    private static func endpoint(of plan: AgentPlan) throws -> FeedEndpoint {
        let feed = FeedSpecification(market: plan.market, streams: plan.streams)
        let usesMicroseconds = plan.market == .spot && !feed.hasNoEventTime
        do {
            return try FeedEndpoint(
                market: plan.market,
                url: try plan.feedURL.map { try url($0, streams: plan.streams) },
                streams: plan.streams,
                timeUnit: usesMicroseconds ? .microsecond : .millisecond
            )
        } catch {
            throw AgentError(.badPlan, "\(error)")
        }
    }

    /// The URL to which the streams are added: without its own where those are others, or too many for a request.
    private static func url(_ text: String, streams: [String]) throws -> String {
        let url = try FeedURL(text)
        let named = url.namedStreams
        guard !named.isEmpty, !streams.isEmpty else { return text }
        let isSame = Set(named) == Set(streams) && named.count == streams.count
        let isShort =
            named.count <= FeedEndpoint.maximumStreamsInTarget && text.utf8.count <= FeedEndpoint.maximumTargetBytes
        return isSame && isShort ? text : url.withoutStreams
    }

    /// The same target, another of its addresses first: lanes spread over the exchange's servers.
    func spread(_ lane: Int) -> FeedTarget {
        var target = self
        target.dialTarget.preferredIndex += lane
        return target
    }

    /// The same target, dialled for this lane: its name stands beside what is logged.
    func dialled(for lane: String) -> FeedTarget {
        var target = self
        target.dialTarget.label = lane
        return target
    }

    /// The name in the URL, which the certificate must have.
    var host: String { endpoint.host }
    /// The port in the URL.
    var port: Int { endpoint.port }
    /// Whether TLS is used.
    var isSecure: Bool { endpoint.isSecure }
    /// Streams that the request does not name: to be asked for on the open connection.
    var streamsToRequest: [String] { endpoint.streamsToRequest }
    /// The request's path and query.
    var pathAndQuery: String { endpoint.target }
    /// The whole URL.
    var text: String { endpoint.url }

    /// The market and the streams of an agent that was started by hand: what was named, else what the URL says.
    ///
    /// - Throws: `AgentError` `badPlan` when the URL makes no sense.
    static func selection(url: String?, market: Market?, streams: [String]) throws -> (Market, [String]) {
        let standard = ["btcusdt@bookTicker"]
        guard let url else { return (market ?? .usdm, streams.isEmpty ? standard : streams) }
        let parsed: FeedURL
        do {
            parsed = try FeedURL(url)
        } catch {
            throw AgentError(.badPlan, "\(error)")
        }
        var guess = Market.usdm
        if parsed.host.hasPrefix("stream.") || parsed.host.hasPrefix("data-stream.") { guess = .spot }
        if parsed.host.hasPrefix("dstream.") { guess = .coinm }
        let named = parsed.namedStreams
        return (market ?? guess, !streams.isEmpty ? streams : named.isEmpty ? standard : named)
    }
}

/// Where a forwarder's connection to the receiver goes.
struct RelayTarget {
    /// What to dial.
    let dialTarget: Dialer.Target

    /// The target of a relayed path.
    ///
    /// - Throws: `AgentError` `badPlan` when the plan names no address.
    init(path: AgentPath, plan: AgentPlan) throws {
        guard let host = path.destination, let port = path.port else {
            throw AgentError(.badPlan, "path \(path.name) has no address to relay to")
        }
        let address = try HostAndPort(host, port).replaced(by: plan.connectTo)
        dialTarget = Dialer.Target(
            host: address.host,
            port: address.port,
            congestionControl: plan.relay?.congestionControl
        )
    }
}

/// A name or address with a port.
private struct HostAndPort {
    let host: String
    let port: Int

    init(_ host: String, _ port: Int) {
        self.host = host
        self.port = port
    }

    /// What `connectTo` says to dial instead; itself when it says nothing.
    func replaced(by connectTo: [String: String]) throws -> HostAndPort {
        guard let other = connectTo["\(host):\(port)"] else { return self }
        guard
            let colon = other.lastIndex(of: ":"),
            let port = Int(other[other.index(after: colon)...]),
            (1...65_535).contains(port)
        else { throw AgentError(.badPlan, "connectTo: '\(other)' is not ADDRESS:PORT") }
        let host = other[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return HostAndPort(String(isBracketed ? host.dropFirst().dropLast() : host), port)
    }
}
