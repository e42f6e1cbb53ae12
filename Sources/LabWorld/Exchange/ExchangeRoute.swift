import ExperimentModel
import Foundation
import MarketFeed

/// What a path of the exchange leads to.
struct ExchangeRoute: Hashable, Sendable {
    /// Whether events stand in the wrapper with their stream's name.
    var isCombined: Bool
    /// The streams that the path subscribes.
    var streams: [String]
    /// Whether book tickers and trades come here; USD-M's route `/market` carries other streams only.
    var isPublic: Bool
    /// Whether times come in microseconds, which spot offers.
    var usesMicroseconds: Bool

    /// Reads a path and its query; nil when they lead nowhere.
    ///
    /// `/ws`, `/ws/a/b`, `/stream` and `/stream?streams=a/b`, each also below `/public` and `/market`.
    init?(path: String, query: String?, market: Market) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.first == "", parts.count >= 2 else { return nil }
        parts.removeFirst()
        let prefix = parts[0]
        if prefix == "public" || prefix == "market" { parts.removeFirst() }
        let isAsked = (query ?? "").split(separator: "&").contains { $0.lowercased() == "timeunit=microsecond" }
        usesMicroseconds = market == .spot && isAsked
        isPublic = market != .usdm || prefix != "market"
        switch parts.first {
        case "ws":
            isCombined = false
            streams = parts.dropFirst().map(Self.decode)
        case "stream" where parts.count == 1:
            isCombined = true
            streams = Self.streams(inQuery: query ?? "")
        default: return nil
        }
        // A slash at the end is no stream.
        if streams.last == "" { streams.removeLast() }
        guard streams.count <= FeedEndpoint.maximumStreams, !streams.contains("") else { return nil }
    }

    private static func streams(inQuery query: String) -> [String] {
        for item in query.split(separator: "&") where item.hasPrefix("streams=") {
            let names = decode(String(item.dropFirst("streams=".count)))
            return names.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        }
        return []
    }

    private static func decode(_ text: String) -> String { text.removingPercentEncoding ?? text }
}
