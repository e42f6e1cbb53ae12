/// A request to add or remove streams on an open connection.
///
/// Its acknowledgement proves nothing: the exchange acknowledges streams that do not exist. Only data does.
public struct SubscriptionRequest: Sendable, Equatable {
    /// What to do with the streams.
    public enum Method: String, Sendable {
        case subscribe = "SUBSCRIBE"
        case unsubscribe = "UNSUBSCRIBE"
    }

    /// The most streams in one request.
    public static let maximumStreams = 200
    /// The most bytes in one request.
    public static let maximumBytes = 4096

    /// What to do.
    public let method: Method
    /// The number by which the answer is known; unsigned, as futures demand.
    public let id: UInt32
    /// The streams.
    public let streams: [String]

    /// Divides streams into requests that are each within the limits, numbered from `firstID` on.
    public static func pieces(
        _ method: Method,
        streams: [String],
        firstID: UInt32 = 1
    ) throws(MarketFeedError) -> [SubscriptionRequest] {
        guard !streams.isEmpty else {
            throw MarketFeedError(.noStreams, "there is no stream to \(method.rawValue.lowercased())")
        }
        guard streams.count <= FeedEndpoint.maximumStreams else {
            throw MarketFeedError(
                .tooManyStreams,
                "\(streams.count) streams are more than the \(FeedEndpoint.maximumStreams) that one connection may carry"
            )
        }
        var pieces: [SubscriptionRequest] = []
        var current: [String] = []
        var currentBytes = emptyBytes
        for name in streams {
            try StreamName.check(name)
            // Its quotes and the comma before it.
            let bytes = name.utf8.count + 3
            guard emptyBytes + bytes <= maximumBytes else {
                throw MarketFeedError(
                    .requestTooLarge,
                    "a stream name of \(name.utf8.count) bytes does not fit into a request of \(maximumBytes)"
                )
            }
            if current.count == maximumStreams || currentBytes + bytes > maximumBytes {
                pieces.append(.init(method: method, id: firstID &+ UInt32(pieces.count), streams: current))
                current = []
                currentBytes = emptyBytes
            }
            current.append(name)
            currentBytes += bytes
        }
        pieces.append(.init(method: method, id: firstID &+ UInt32(pieces.count), streams: current))
        return pieces
    }

    /// The JSON text.
    public var json: [UInt8] {
        // Names are checked to need no escapes.
        let names = streams.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(#"{"method":"\#(method.rawValue)","params":[\#(names)],"id":\#(id)}"#.utf8)
    }

    /// What a request takes without streams, with the longest method and id.
    private static let emptyBytes =
        SubscriptionRequest(method: .unsubscribe, id: .max, streams: []).json.count
}
