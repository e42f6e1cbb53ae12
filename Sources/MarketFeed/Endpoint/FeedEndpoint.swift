import ExperimentModel

/// Where to connect for a set of streams, and what to ask for there.
public struct FeedEndpoint: Sendable, Equatable {
    /// The most streams that one connection may carry, on every market.
    public static let maximumStreams = 1024
    /// The most streams that are named in the request itself.
    public static let maximumStreamsInTarget = 200
    /// The longest path and query with streams in it: servers and what lies before them commonly take 8 kB in all.
    public static let maximumTargetBytes = 4096

    /// How the streams' messages come.
    public enum Form: Sendable, Equatable {
        /// As they are: `/ws/<name>`.
        case raw
        /// Wrapped with the stream's name: `/stream?streams=<name>/<name>`.
        case combined
    }

    /// The server's name or address; an IPv6 address without brackets.
    public let host: String
    /// The server's port.
    public let port: Int
    /// Whether the connection is TLS.
    public let isSecure: Bool
    /// Path and query of the upgrade request.
    public let target: String
    /// How the messages come.
    public let form: Form
    /// Streams that are too many for the request: to be asked for with SUBSCRIBE once the connection is open.
    public let streamsToRequest: [String]

    /// The market's own address, to which streams are added.
    ///
    /// USD-M's best bid and ask belong to the route `/public`; the addresses without a route were retired on
    /// 2026-04-23.
    public static func defaultURL(for market: Market) -> String {
        switch market {
        case .spot: "wss://stream.binance.com:9443"
        case .usdm: "wss://fstream.binance.com/public"
        case .coinm: "wss://dstream.binance.com"
        }
    }

    /// Works out the endpoint.
    ///
    /// A URL that already names its streams (`/ws/<name>`, `/stream?streams=<name>`) is kept as it is. Otherwise the
    /// streams are added: to `/ws` as raw, to all others as combined ones. What would be too many of them for a request
    /// is left to ``streamsToRequest``.
    ///
    /// - Parameters:
    ///   - market: the market, for its default URL and its rules.
    ///   - url: the user's own URL, or `nil` for the market's.
    ///   - streams: names such as `btcusdt@bookTicker`; at most ``maximumStreams``.
    ///   - timeUnit: `.microsecond` asks spot for finer times; other markets have none.
    public init(
        market: Market,
        url: String? = nil,
        streams: [String],
        timeUnit: MessageFacts.TimeUnit = .millisecond
    ) throws(MarketFeedError) {
        let parsed = try FeedURL(url ?? Self.defaultURL(for: market))
        try Self.check(streams)
        host = parsed.host
        port = parsed.port
        isSecure = parsed.isSecure
        var (path, query, form) = try Self.complete(parsed, streams)
        let isTooLong = path.utf8.count + (query?.utf8.count ?? 0) > Self.maximumTargetBytes
        if parsed.namedStreams.isEmpty, isTooLong || streams.count > Self.maximumStreamsInTarget {
            (path, query) = Self.bare(parsed, form)
            streamsToRequest = streams
        } else {
            streamsToRequest = []
        }
        if timeUnit == .microsecond {
            guard market == .spot else {
                throw MarketFeedError(
                    .timeUnitNotSupported,
                    "market \(market.rawValue) has times in milliseconds only: leave the time unit out"
                )
            }
            if !Self.hasParameter("timeunit", query) {
                query = (query.map { $0.isEmpty ? "" : $0 + "&" } ?? "") + "timeUnit=MICROSECOND"
            }
        }
        path = path.isEmpty ? "/" : path
        target = path + (query.map { "?" + $0 } ?? "")
        self.form = form
    }

    /// The URL, for logs and reports.
    public var url: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(isSecure ? "wss" : "ws")://\(name):\(port)\(target)"
    }

    private static func check(_ streams: [String]) throws(MarketFeedError) {
        guard streams.count <= maximumStreams else {
            throw MarketFeedError(
                .tooManyStreams,
                "\(streams.count) streams are more than the \(maximumStreams) that one connection may carry"
            )
        }
        var seen: Set<String> = []
        for name in streams {
            try StreamName.check(name)
            guard seen.insert(name).inserted else {
                throw MarketFeedError(.duplicateStream, "stream \(name) is named twice")
            }
        }
    }

    private static func complete(
        _ url: FeedURL,
        _ streams: [String]
    ) throws(MarketFeedError) -> (path: String, query: String?, form: Form) {
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        let segments = path.split(separator: "/")
        if let raw = segments.firstIndex(of: "ws"), raw < segments.count - 1 {
            try checkCount(segments.count - 1 - raw)
            return (url.path, url.query, .raw)
        }
        let isCombined = segments.last == "stream"
        if isCombined, let named = parameter("streams", url.query), !named.isEmpty {
            try checkCount(named.split(separator: "/").count)
            return (url.path, url.query, .combined)
        }
        guard !streams.isEmpty else {
            throw MarketFeedError(.noStreams, "neither the feed URL nor the experiment names a stream")
        }
        let names = streams.map(StreamName.percentEncoded).joined(separator: "/")
        if segments.last == "ws" {
            return (path + "/" + names, url.query, .raw)
        }
        let others = (url.query ?? "").split(separator: "&").filter { $0 != "streams=" && $0 != "streams" }
        let query = (others + ["streams=\(names)"]).joined(separator: "&")
        return (isCombined ? path : path + "/stream", query, .combined)
    }

    /// The route by itself, to which nothing is subscribed yet.
    private static func bare(_ url: FeedURL, _ form: Form) -> (path: String, query: String?) {
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        let route = form == .raw ? "ws" : "stream"
        let hasRoute = path.split(separator: "/").last.map { $0 == route } ?? false
        let others = (url.query ?? "").split(separator: "&").filter { $0 != "streams=" && $0 != "streams" }
        return (hasRoute ? path : path + "/" + route, others.isEmpty ? nil : others.joined(separator: "&"))
    }

    /// The limit also holds for what the user's own URL names.
    private static func checkCount(_ count: Int) throws(MarketFeedError) {
        guard count <= maximumStreams else {
            throw MarketFeedError(
                .tooManyStreams,
                "the feed URL names \(count) streams, more than the \(maximumStreams) that one connection may carry"
            )
        }
    }

    private static func hasParameter(_ name: String, _ query: String?) -> Bool {
        parameter(name, query) != nil
    }

    private static func parameter(_ name: String, _ query: String?) -> Substring? {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0].lowercased() == name {
                return parts.count > 1 ? parts[1] : ""
            }
        }
        return nil
    }
}
