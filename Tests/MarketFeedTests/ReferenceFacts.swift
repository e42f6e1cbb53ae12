import Foundation
import MarketFeed

/// The facts of a message as Foundation's parser and plain code find them, for comparison.
struct ReferenceFacts: Equatable, CustomStringConvertible {
    var kind = MessageFacts.Kind.invalid
    var updateID, firstUpdateID, eventTimeNs, transactionTimeNs, tradeID, requestID, errorCode: Int64?
    var symbol, eventType, stream, errorMessage: String?

    var description: String {
        "\(kind) u \(updateID as Any) U \(firstUpdateID as Any) E \(eventTimeNs as Any) T \(transactionTimeNs as Any) "
            + "t \(tradeID as Any) id \(requestID as Any) code \(errorCode as Any) s \(symbol as Any) "
            + "e \(eventType as Any) stream \(stream as Any) msg \(errorMessage as Any)"
    }

    /// What the scanner found, in the same form; of an invalid message only that it is invalid.
    init(scanned facts: MessageFacts, in message: [UInt8]) {
        kind = facts.kind
        guard kind != .invalid else { return }
        let text = { (range: TextRange?) -> String? in
            range.map { range in
                let raw = message.withUnsafeBytes { range.text(in: $0) }
                guard raw.utf8.contains(UInt8(ascii: "\\")) else { return raw }
                let quoted = Data("\"\(raw)\"".utf8)
                return (try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed) as? String) ?? raw
            }
        }
        updateID = facts.updateID
        firstUpdateID = facts.firstUpdateID
        eventTimeNs = facts.eventTimeNs
        transactionTimeNs = facts.transactionTimeNs
        tradeID = facts.tradeID
        requestID = facts.requestID
        errorCode = facts.errorCode
        symbol = text(facts.symbol)
        eventType = text(facts.eventType)
        stream = text(facts.stream)
        errorMessage = text(facts.errorMessage)
    }

    /// What Foundation's parser gives.
    init(parsing message: [UInt8]) {
        let value = try? JSONSerialization.jsonObject(with: Data(message), options: .fragmentsAllowed)
        if let array = value as? [Any] {
            kind = array.first is [String: Any] ? .otherEvent : .invalid
            return
        }
        guard let object = value as? [String: Any] else { return }
        requestID = Self.integer(object["id"])
        if let name = object["stream"] as? String, let data = object["data"], data is [String: Any] || data is [Any] {
            stream = name
            readEvent(data as? [String: Any] ?? [:])
        } else if object["e"] != nil {
            readEvent(object)
        } else if let failure = object["error"] as? [String: Any] {
            readFailure(failure)
        } else if Self.integer(object["code"], allowingNegative: true) != nil, object["msg"] is String {
            readFailure(object)
        } else if object["result"] != nil {
            kind = .acknowledgement
        } else {
            readEvent(object)
        }
        if kind == .invalid {
            self = ReferenceFacts()
        }
    }

    private init() {}

    private mutating func readFailure(_ failure: [String: Any]) {
        kind = .error
        errorCode = Self.integer(failure["code"], allowingNegative: true)
        errorMessage = failure["msg"] as? String
    }

    private mutating func readEvent(_ event: [String: Any]) {
        guard event["e"] == nil || event["e"] is String else { return }
        eventType = event["e"] as? String
        symbol = event["s"] as? String
        updateID = Self.integer(event["u"])
        firstUpdateID = Self.integer(event["U"])
        eventTimeNs = Self.nanoseconds(event["E"])
        transactionTimeNs = Self.nanoseconds(event["T"])
        let isQuote = ["u", "b", "B", "a", "A"].allSatisfy { event[$0] != nil }
        let kinds: [String: MessageFacts.Kind] = [
            "bookTicker": .bookTicker, "trade": .trade, "aggTrade": .aggTrade, "depthUpdate": .depthUpdate,
            "serverShutdown": .serverShutdown,
        ]
        let found = eventType.map { kinds[$0] ?? .otherEvent } ?? (isQuote ? .bookTicker : .otherEvent)
        if found == .trade {
            tradeID = Self.integer(event["t"])
            guard tradeID != nil else { return }
        }
        if found == .bookTicker || found == .depthUpdate {
            guard updateID != nil, event["U"] == nil || firstUpdateID != nil else { return }
        }
        if found != .otherEvent, found != .serverShutdown {
            guard symbol != nil, event["E"] == nil || eventTimeNs != nil, event["T"] == nil || transactionTimeNs != nil
            else { return }
        }
        kind = found
    }

    /// An integer that was written as one; negative ones only where allowed.
    private static func integer(_ value: Any?, allowingNegative: Bool = false) -> Int64? {
        guard let number = value as? NSNumber, ["q", "Q", "i", "I"].contains(String(cString: number.objCType)),
            let integer = Int64(exactly: number), allowingNegative || integer >= 0
        else { return nil }
        return integer
    }

    private static func nanoseconds(_ value: Any?) -> Int64? {
        guard let time = integer(value) else { return nil }
        let (product, overflow) =
            switch String(time).count {
            case 13: time.multipliedReportingOverflow(by: 1_000_000)
            case 16: time.multipliedReportingOverflow(by: 1_000)
            default: (0, true)
            }
        return overflow ? nil : product
    }

    /// Where Foundation takes what RFC 8259 does not allow, or the other way round.
    static func isKnownDifference(_ message: [UInt8]) -> Bool {
        let text = String(decoding: message, as: UTF8.self)
        // A comma before a closing bracket, a byte order mark, an exponent beyond what a Double holds, and minus zero.
        return text.contains(/,[ \t\r\n]*[}\]]/) || text.unicodeScalars.first == "\u{FEFF}"
            || text.contains(/[0-9][eE]\+?[0-9]{3}/) || text.contains(/-0*[^1-9.0]/)
    }
}
