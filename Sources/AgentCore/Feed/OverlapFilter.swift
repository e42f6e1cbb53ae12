import ExperimentModel

/// Lets each event of a lane pass once while two of its connections overlap.
///
/// The exchange's ids grow within a stream (reference: ten recorded captures, no exception), so an id that is not above the
/// stream's highest has been seen. Ids of streams without one always pass.
final class OverlapFilter {
    private var highest: [Int64]

    init(streams: Int) {
        highest = [Int64](repeating: Int64.min, count: max(streams, 1))
    }

    /// Whether the event has not passed before; notes that it has now.
    @inline(__always)
    func isNew(_ message: FeedMessage) -> Bool {
        guard let id = message.eventID else { return true }
        let stream = message.stream < highest.count ? message.stream : 0
        guard id > highest[stream] else { return false }
        highest[stream] = id
        return true
    }
}
