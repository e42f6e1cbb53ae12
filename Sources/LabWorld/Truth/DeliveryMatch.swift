/// Finds when each message was delivered from two counts of one connection's octets.
///
/// The writing end says at which octet a message ended, the carrying end when which octet was handed on. Both count
/// from the connection's first octet; each side's entries come in order, but either side may be ahead.
struct DeliveryMatch {
    /// Entries beyond which the oldest are forgotten, on each side: one side has gone quiet then.
    static let limit = 100_000

    private struct Message {
        var updateID: Int64
        var endOctets: Int
    }

    private var messages: [Message] = []
    private var messageHead = 0
    private var deliveries: [LinkDelivery] = []
    private var deliveryHead = 0

    /// Notes a message and gives the messages whose delivery is known now.
    mutating func wrote(updateID: Int64, endOctets: Int) -> [(updateID: Int64, deliveredNs: Int64)] {
        messages.append(Message(updateID: updateID, endOctets: endOctets))
        return takeMatches()
    }

    /// Notes a delivery and gives the messages whose delivery is known now.
    mutating func delivered(_ delivery: LinkDelivery) -> [(updateID: Int64, deliveredNs: Int64)] {
        deliveries.append(delivery)
        return takeMatches()
    }

    private mutating func takeMatches() -> [(updateID: Int64, deliveredNs: Int64)] {
        var matches: [(updateID: Int64, deliveredNs: Int64)] = []
        while messageHead < messages.count, deliveryHead < deliveries.count {
            let message = messages[messageHead]
            let delivery = deliveries[deliveryHead]
            if delivery.endOctets >= message.endOctets {
                matches.append((message.updateID, delivery.deliveredNs))
                messageHead += 1
            } else {
                // It ended before this message did, so before every later one.
                deliveryHead += 1
            }
        }
        Self.trim(&messages, &messageHead)
        Self.trim(&deliveries, &deliveryHead)
        return matches
    }

    private static func trim<Entry>(_ entries: inout [Entry], _ head: inout Int) {
        if entries.count - head > limit { head = entries.count - limit }
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }
}
