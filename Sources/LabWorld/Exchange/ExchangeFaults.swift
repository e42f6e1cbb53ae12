import WebSocketCodec

/// What goes wrong at the simulated exchange, for as long as it is set.
public struct ExchangeFaults: Sendable {
    /// How a request for streams is answered.
    public enum SubscribeAnswer: Sendable {
        /// As it should be.
        case acknowledgement
        /// With an error in the shape that the wire has.
        case nestedError
        /// With an error in the shape that the exchange's documentation shows.
        case flatError
        /// Not at all.
        case silence
    }

    /// The answer to every upgrade instead of an acceptance; nil to accept.
    public var refusal: HTTPAnswer?
    /// Leaves the length out of a refusal, whose body then ends with the connection.
    public var refusalHasNoLength = false
    /// How much later than others a connection that is opened now gets its events, nanoseconds; the lab's truth knows
    /// nothing of it.
    public var lagNs: Int64 = 0
    /// Whether a connection that is opened now gets no events at all.
    public var isMute = false
    /// How requests for streams are answered.
    public var subscribeAnswer = SubscribeAnswer.acknowledgement

    /// Nothing wrong.
    public init() {}
}

/// What a client said to the exchange.
public enum ExchangeMessage: Sendable, Equatable {
    /// A request to upgrade, with its path and query.
    case upgrade(String)
    /// A text message.
    case text([UInt8])
    /// A pong's payload.
    case pong([UInt8])
    /// A close frame's code.
    case close(UInt16)
}

extension Exchange {
    /// Sets what goes wrong from now on.
    public func set(_ faults: ExchangeFaults) {
        thread.ask { $0.faults = faults }
    }

    /// Tells every client that the server is about to shut down; nothing is closed.
    public func announceShutdown() {
        thread.ask { $0.eachConnection { $0.announceShutdown() } }
    }

    /// Closes every connection with this code, or without a word when there is none.
    public func closeAll(code: UInt16?, reason: String = "") {
        thread.ask { $0.eachConnection { $0.end(code: code, reason: reason) } }
    }

    /// Sends a ping and text messages right behind it to every client, all in one write.
    public func ping(_ payload: [UInt8], thenTexts texts: [[UInt8]] = [], count: Int = 1) {
        thread.ask { $0.eachConnection { $0.ping(payload, thenTexts: texts, count: count) } }
    }

    /// The ports of the clients that are connected now, in the order of their coming.
    public var peerPorts: [Int] { thread.ask { $0.peerPorts } ?? [] }
}
