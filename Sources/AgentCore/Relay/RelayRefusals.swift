import WireTransport

/// Connections that were told why they are not let in: kept until the other side closes, or for a moment, so that it hears it.
///
/// A socket that is closed while octets still come to it resets the connection. What was said before is then not sent again should it
/// get lost, and some systems take it away unread.
final class RelayRefusals: ByteChannelOwner {
    /// How long the other side may take to close.
    static let limitNs: Int64 = 2_000_000_000
    /// How many are kept at once; the oldest makes room for the next.
    static let countLimit = 32
    /// The most that one of them may go on sending.
    static let octetLimit = 1 << 20

    private struct Entry {
        var channel: ByteChannel
        var timer: TimerID
        var octets = 0
    }

    private let loop: EventLoop
    /// The oldest first.
    private var entries: [Entry] = []

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// How many there are at the moment.
    var count: Int { entries.count }

    /// Takes a connection over, says a last word on it, and lets the other side close.
    func take(_ channel: ByteChannel, saying word: [UInt8]) {
        if entries.count >= Self.countLimit { giveUp(entries.removeFirst()) }
        channel.handOver(to: self)
        channel.input.consume(channel.input.count)
        let timer = loop.schedule(afterNs: Self.limitNs) { [self] in remove(channel)?.channel.abandon() }
        entries.append(Entry(channel: channel, timer: timer))
        channel.write(word)
        channel.finishWritingWhenFlushed()
    }

    /// Closes all of them.
    func close() {
        while let entry = entries.popLast() { giveUp(entry) }
    }

    private func remove(_ channel: ByteChannel) -> Entry? {
        entries.firstIndex { $0.channel === channel }.map { entries.remove(at: $0) }
    }

    /// Closes one, whatever the other side has read.
    private func giveUp(_ entry: Entry) {
        loop.cancel(entry.timer)
        entry.channel.abandon()
    }

    func channelOpened(_ channel: ByteChannel) {}

    func channelReceived(_ channel: ByteChannel) {
        let octets = channel.input.count
        channel.input.consume(octets)
        guard let index = entries.firstIndex(where: { $0.channel === channel }) else { return }
        entries[index].octets += octets
        if entries[index].octets > Self.octetLimit { giveUp(entries.remove(at: index)) }
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        if let entry = remove(channel) { loop.cancel(entry.timer) }
    }
}
