import WireTransport

/// One direction of a connection through a link: reads, holds, writes.
///
/// What was read stays in order and is written when it is due; reading stops while too much waits.
final class LinkFlow {
    /// Reading stops at this many waiting octets, so that TCP slows the sender down.
    static let waitingLimit = 8 << 20

    private struct Chunk {
        var bytes: [UInt8]
        var readNs: Int64
        var dueNs: Int64
        var isEnd = false
    }

    /// Whether the end of the stream has been handed on.
    private(set) var isFinished = false
    private(set) var waitingOctets = 0
    private var hasReadEnd = false
    private var chunks: [Chunk] = []
    private var head = 0
    private var writtenOfFirst = 0
    private var deliveredOctets = 0
    private var isBlocked = false
    private var timer: TimerID?
    private var delay: LinkDelay
    private let loop: EventLoop
    private let onDelivery: (LinkDelivery, UnsafeRawBufferPointer) -> Void

    /// Where the octets go; nil until that side is connected.
    var sink: StreamSocket?
    /// Nothing counts as read before this monotonic time: the sender's connection was not open yet.
    var openMonotonicNs = Int64.min

    init(
        delay: LinkDelay,
        loop: EventLoop,
        onDelivery: @escaping (LinkDelivery, UnsafeRawBufferPointer) -> Void
    ) {
        self.delay = delay
        self.loop = loop
        self.onDelivery = onDelivery
    }

    var wantsToRead: Bool { !hasReadEnd && waitingOctets < Self.waitingLimit }
    var wantsToWrite: Bool { isBlocked }

    /// Reads once what the source has.
    func read(from source: StreamSocket, scratch: UnsafeMutableRawBufferPointer) {
        var stamp = ReadStamp()
        switch source.read(into: scratch, stamp: &stamp) {
        case .read(let count):
            hold(Array(scratch[..<count]), stamp)
        case .wouldBlock: return
        case .closed, .failed:
            hasReadEnd = true
            hold([], stamp, isEnd: true)
        }
    }

    private func hold(_ bytes: [UInt8], _ stamp: ReadStamp, isEnd: Bool = false) {
        let dueNs = delay.dueNs(atNs: max(stamp.monotonicNs, openMonotonicNs))
        chunks.append(Chunk(bytes: bytes, readNs: stamp.wallNs, dueNs: dueNs, isEnd: isEnd))
        waitingOctets += bytes.count
        armTimer()
    }

    private func armTimer() {
        guard timer == nil, !isBlocked, sink != nil, head < chunks.count else { return }
        timer = loop.schedule(atMonotonicNs: chunks[head].dueNs) { [weak self] in
            self?.timer = nil
            self?.onDue?()
        }
    }

    /// Called when something is due; the owner calls `deliver()`.
    var onDue: (() -> Void)?

    /// Writes all that is due; an error number when the sink is broken.
    func deliver() -> Int32? {
        guard let sink else { return nil }
        isBlocked = false
        while head < chunks.count, chunks[head].dueNs <= HostClock.monotonicNs() {
            if chunks[head].isEnd {
                sink.finishWriting()
                isFinished = true
                forgetFirst()
                continue
            }
            let deliveredNs = HostClock.wallNs()
            let count = chunks[head].bytes.withUnsafeBytes { bytes in
                sink.write(UnsafeRawBufferPointer(rebasing: bytes[writtenOfFirst...]))
            }
            if count < 0 { return Int32(-count) }
            writtenOfFirst += count
            guard writtenOfFirst == chunks[head].bytes.count else {
                isBlocked = true
                return nil
            }
            noteDelivery(atNs: deliveredNs)
        }
        armTimer()
        return nil
    }

    private func noteDelivery(atNs deliveredNs: Int64) {
        deliveredOctets += chunks[head].bytes.count
        let delivery = LinkDelivery(
            readNs: chunks[head].readNs,
            deliveredNs: deliveredNs,
            endOctets: deliveredOctets
        )
        chunks[head].bytes.withUnsafeBytes { onDelivery(delivery, $0) }
        forgetFirst()
    }

    private func forgetFirst() {
        waitingOctets -= chunks[head].bytes.count
        writtenOfFirst = 0
        chunks[head].bytes = []
        head += 1
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024 {
            chunks.removeFirst(head)
            head = 0
        }
    }

    /// Starts delivering now that the sink is there.
    func open(_ sink: StreamSocket) {
        self.sink = sink
        armTimer()
    }

    /// Forgets what waits.
    func close() {
        if let timer { loop.cancel(timer) }
        timer = nil
        onDue = nil
        sink = nil
        chunks = []
        head = 0
        isBlocked = false
        hasReadEnd = true
    }
}
