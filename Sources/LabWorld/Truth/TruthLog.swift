import ExperimentModel
import LatencyStatistics

/// The events of the world and their deliveries; when it is full the oldest tenth is forgotten.
struct TruthLog {
    /// Over five hours at a hundred events a second.
    static let standardLimit = 2_000_000

    /// Stands for a delivery that has not been.
    private static let never = Int64.max

    private struct Event {
        var updateID: Int64
        var sentNs: Int64
        var deliveries = (direct: never, tokyo: never, backbone: never)
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

    /// Notes a delivery; of several connections on one link the earliest delivery counts.
    mutating func delivered(updateID: Int64, on connection: LinkConnectionID, atNs deliveredNs: Int64) {
        guard let index = index(of: updateID) else { return }
        switch connection.link {
        case .direct: events[index].deliveries.direct = min(events[index].deliveries.direct, deliveredNs)
        case .tokyo: events[index].deliveries.tokyo = min(events[index].deliveries.tokyo, deliveredNs)
        case .backbone: events[index].deliveries.backbone = min(events[index].deliveries.backbone, deliveredNs)
        }
    }

    private func index(of updateID: Int64) -> Int? {
        let place = events.partitionPoint { $0.updateID >= updateID }
        return place < events.count && events[place].updateID == updateID ? place : nil
    }

    /// All that is known, in the order of sending.
    var truths: [LabTruth] {
        func time(_ delivery: Int64) -> Int64? { delivery == Self.never ? nil : delivery }
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
