import ExperimentModel

/// The events of the world and their deliveries; when it is full the oldest tenth is forgotten.
struct TruthLog {
    /// Over five hours at a hundred events a second.
    static let standardLimit = 2_000_000

    private struct Delivery {
        var ns: Int64 = 0
        /// The connection's number on its link; none when negative.
        var connection: Int32 = -1
    }

    private struct Event {
        var updateID: Int64
        var sentNs: Int64
        var deliveries: (direct: Delivery, tokyo: Delivery, backbone: Delivery) = (Delivery(), Delivery(), Delivery())
    }

    private let limit: Int
    private var events: [Event] = []

    init(limit: Int = standardLimit) {
        self.limit = limit
    }

    /// Notes an event; ids must increase.
    mutating func add(updateID: Int64, sentNs: Int64) {
        if events.count >= limit { events.removeFirst(max(1, limit / 10)) }
        events.append(Event(updateID: updateID, sentNs: sentNs))
    }

    /// Notes a delivery; the connection that was opened first counts, and on it the first delivery.
    mutating func delivered(updateID: Int64, on connection: LinkConnectionID, atNs deliveredNs: Int64) {
        guard let index = index(of: updateID) else { return }
        let delivery = Delivery(ns: deliveredNs, connection: Int32(clamping: connection.number))
        switch connection.link {
        case .direct: Self.note(delivery, &events[index].deliveries.direct)
        case .tokyo: Self.note(delivery, &events[index].deliveries.tokyo)
        case .backbone: Self.note(delivery, &events[index].deliveries.backbone)
        }
    }

    private static func note(_ delivery: Delivery, _ noted: inout Delivery) {
        if noted.connection < 0 || delivery.connection < noted.connection { noted = delivery }
    }

    private func index(of updateID: Int64) -> Int? {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].updateID < updateID { low = middle + 1 } else { high = middle }
        }
        return low < events.count && events[low].updateID == updateID ? low : nil
    }

    /// All that is known, in the order of sending.
    var truths: [LabTruth] {
        func time(_ delivery: Delivery) -> Int64? { delivery.connection < 0 ? nil : delivery.ns }
        return events.map { event in
            LabTruth(
                updateID: event.updateID,
                sentNs: event.sentNs,
                directNs: time(event.deliveries.direct),
                tokyoNs: time(event.deliveries.tokyo),
                backboneNs: time(event.deliveries.backbone)
            )
        }
    }
}
