import ExperimentModel

/// Judges which of a lane's streams should have brought something.
///
/// The exchange acknowledges a stream that it does not know and then never sends anything, so a wrong name shows in
/// silence only. A stream may also just be quiet: it is named, and nothing is closed for it as long as others bring
/// data.
struct SilenceWatch {
    /// What BTC's busy streams are called after the symbol; the longest silence on record is 3.9 s.
    private static let busyKinds = ["bookTicker", "trade", "aggTrade", "depth"]
    private static let busySymbols = ["btcusdt", "btcusd_perp"]

    /// A silence of a connection after which it counts as dead.
    let limitNs: Int64

    private let streams: StreamTable
    private let timing: FeedTiming
    private let isBTC: [Bool]
    /// Streams that have been named as silent on some connection.
    private var named: Set<Int> = []
    private var everHeard: Set<Int> = []

    init(streams: StreamTable, timing: FeedTiming) {
        self.streams = streams
        self.timing = timing
        isBTC = streams.names.map { name in Self.busySymbols.contains { name.hasPrefix($0 + "@") } }
        let hasBusy = streams.names.contains { name in
            let parts = name.split(separator: "@")
            return parts.count > 1 && Self.busySymbols.contains(String(parts[0]))
                && Self.busyKinds.contains(String(parts[1]))
        }
        limitNs = hasBusy ? timing.silenceNs : timing.patientSilenceNs
    }

    /// Notes that a stream has brought something on some connection.
    mutating func noteHeard(_ stream: Int) {
        everHeard.insert(stream)
    }

    /// Streams that have been named, and never brought anything; nil without any.
    var neverHeard: [String]? {
        let indices = named.subtracting(everHeard).sorted()
        return indices.isEmpty ? nil : indices.map { streams.names[$0] }
    }

    /// Streams that should have brought something by now on a connection, and have not; nil without any.
    func silent(on connection: FeedConnection) -> [String]? {
        let indices = connection.namedUnheard.intersection(connection.unheard).sorted()
        return indices.isEmpty ? nil : indices.map { streams.names[$0] }
    }

    /// What to say of the streams that have become too silent on a connection since the last time; nil without any.
    mutating func unheardText(on connection: FeedConnection, nowNs: Int64) -> String? {
        guard !connection.hasHeardAll, connection.isSubscribed, let openedNs = connection.openedMonotonicNs else {
            return nil
        }
        let waitedNs = nowNs - openedNs
        let due = connection.unheard.subtracting(connection.namedUnheard).filter {
            waitedNs >= (isBTC[$0] ? timing.unheardNs : timing.patientUnheardNs)
        }
        guard !due.isEmpty else { return nil }
        connection.namedUnheard.formUnion(due)
        named.formUnion(due)
        return unheardText(due.sorted(), waitedNs)
    }

    private func unheardText(_ indices: [Int], _ waitedNs: Int64) -> String {
        let question = indices.count == 1 ? "is the stream's name right?" : "are the streams' names right?"
        return "no data for \(FeedText.seconds(waitedNs)) on \(streams.text(indices)): \(question) "
            + "(the exchange acknowledges unknown names)"
    }

    /// Why a connection that has been silent for too long is closed.
    mutating func text(of connection: FeedConnection) -> String {
        guard !connection.isStreaming else { return "no data for \(FeedText.seconds(limitNs))" }
        named.formUnion(connection.unheard)
        return unheardText(connection.unheard.sorted(), limitNs)
    }
}
