extension JSONCursor {
    /// Decides the kind of an event from its members, and whether those that the kind needs are usable.
    func classify(_ facts: inout MessageFacts) {
        if facts.fields.present.contains(.eventType) {
            facts.kind = kind(of: facts.fields.eventType)
        } else if facts.fields.unusable.contains(.eventType) {
            facts.reject(.eventType)
            return
        } else {
            let isQuote = facts.fields.present.isSuperset(of: .quote) && facts.fields.hasMember(.updateID)
            facts.kind = isQuote ? .bookTicker : .otherEvent
        }
        if let problem = facts.fields.problem(for: facts.kind) {
            facts.reject(problem)
            return
        }
        // In other events `t` is not the id of a trade: in referencePrice it is a time.
        if facts.kind != .trade {
            facts.fields.present.subtract(.tradeID)
        }
    }

    private func kind(of eventType: TextRange) -> MessageFacts.Kind {
        let start = Int(eventType.start)
        let range = start..<(start &+ Int(eventType.count))
        switch range.count {
        case 10 where matches(range, "bookTicker"): return .bookTicker
        case 5 where matches(range, "trade"): return .trade
        case 8 where matches(range, "aggTrade"): return .aggTrade
        case 11 where matches(range, "depthUpdate"): return .depthUpdate
        case 14 where matches(range, "serverShutdown"): return .serverShutdown
        default: break
        }
        // Never seen on the wire, but valid: a type that is written with escapes.
        guard range.contains(where: { byte($0) == UInt8(ascii: "\\") }) else { return .otherEvent }
        switch unescaped(range) {
        case "bookTicker": return .bookTicker
        case "trade": return .trade
        case "aggTrade": return .aggTrade
        case "depthUpdate": return .depthUpdate
        case "serverShutdown": return .serverShutdown
        default: return .otherEvent
        }
    }
}

extension EventFields {
    /// Whether the member is there at all.
    fileprivate func hasMember(_ name: Names) -> Bool {
        present.contains(name) || unusable.contains(name)
    }

    /// What is missing or unusable in an event of this kind; `nil` when all is well.
    ///
    /// An event must have what makes it the same event on another connection: its symbol and its id. Times may be
    /// missing, but must not be wrong. A shutdown notice is heeded whatever else it says.
    fileprivate func problem(for kind: MessageFacts.Kind) -> MessageFacts.Problem? {
        switch kind {
        case .bookTicker, .depthUpdate:
            guard present.contains(.updateID), !unusable.contains(.firstUpdateID) else { return .updateID }
        case .trade:
            guard present.contains(.tradeID) else { return .tradeID }
        case .aggTrade: break
        default: return nil
        }
        if !present.contains(.symbol) { return .symbol }
        if unusable.contains(.eventTime) { return .eventTime }
        if unusable.contains(.transactionTime) { return .transactionTime }
        return nil
    }
}
