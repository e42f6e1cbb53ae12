import ExperimentModel
import MarketFeed

/// What the agent needs of one message; made without allocation for events.
struct FeedMessage {
    /// What to do with it.
    enum Kind {
        /// Market data.
        case event
        /// Not usable, by this reason.
        case invalid(String)
        /// The answer to a request; no data.
        case acknowledgement
        /// The exchange will close the connection soon.
        case shutdown
        /// The exchange refused a request.
        case error(String)
    }

    /// What to do with it.
    let kind: Kind
    /// The id by which the same event is known on every connection; nil in streams without one.
    let eventID: Int64?
    /// The index into the plan's streams; their number for a stream that is none of them.
    let stream: Int
    /// When the exchange sent it; `SampleRecord.absent` when it does not say.
    let eventTimeNs: Int64
    /// The exchange's transaction time; `SampleRecord.absent` without one.
    let transactionTimeNs: Int64

    /// Looks at one message of a connection that carries `streams`; `facts` is working space, kept from message to
    /// message.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, streams: StreamTable, facts: inout MessageFacts) {
        facts.scan(bytes)
        kind = Self.kind(of: facts, bytes)
        eventID = facts.updateID ?? facts.tradeID
        eventTimeNs = facts.eventTimeNs ?? SampleRecord.absent
        transactionTimeNs = facts.transactionTimeNs ?? SampleRecord.absent
        stream = streams.index(of: facts, bytes)
    }

    @inline(__always)
    private static func kind(of facts: MessageFacts, _ bytes: UnsafeRawBufferPointer) -> Kind {
        switch facts.kind {
        case .bookTicker, .trade, .aggTrade, .depthUpdate, .otherEvent: .event
        case .invalid: .invalid(facts.problem.name)
        case .acknowledgement: .acknowledgement
        case .serverShutdown: .shutdown
        case .error: .error(String(decoding: bytes.prefix(300), as: UTF8.self))
        }
    }
}
