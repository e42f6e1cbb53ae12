import CSockets
import ExperimentModel
import WireTransport

/// The events that a forwarder has not yet handed to its receiver, as encoded frames in one block of memory.
///
/// In the steady state an event is appended, sent and gone before the next comes, and only the first page is ever
/// touched. While the receiver is away or slow, frames pile up to the limit; then the oldest is dropped and counted.
final class RelayOutbox {
    /// Events in the outbox.
    private(set) var count = 0
    /// Events dropped because it was full.
    private(set) var dropped = 0
    /// Called with the sequence id of each dropped event.
    var onDrop: ((UInt64) -> Void)?

    /// The front of the block, which is never given back.
    private static let keptOctets = 1 << 18

    private let eventLimit: Int
    private let byteLimit: Int
    private let block: UnsafeMutableRawBufferPointer
    private var head = 0
    private var tail = 0
    /// The octets of the block that were written since it was last given back.
    private var touched = 0
    /// The most octets that the outbox has taken of the host's memory.
    private(set) var largestOctets = 0
    /// The rest of a frame that the kernel took only a part of; it goes out before anything else.
    private var torn: [UInt8] = []
    private var tornHead = 0

    /// An outbox for at most `eventLimit` events.
    init(eventLimit: Int) {
        self.eventLimit = eventLimit
        // Book tickers take some 200 octets a frame. The block is twice the limit, so that moving the frames to its
        // front costs little for each event even when the outbox is full; memory that is never written is never really
        // there.
        self.byteLimit = min(max(eventLimit * 512, 4 << 20), 512 << 20)
        self.block = UnsafeMutableRawBufferPointer.allocate(byteCount: byteLimit * 2, alignment: 16)
        torn.reserveCapacity(4_096)
    }

    deinit { block.deallocate() }

    /// Whether there is nothing to send.
    @inline(__always)
    var isEmpty: Bool { head == tail && tornHead == torn.count }

    /// Appends one event's frame; drops the oldest ones when there is no room.
    @inline(__always)
    func append(sequence: UInt64, stamp: ReadStamp, eventTimeNs: Int64, message: UnsafeRawBufferPointer) {
        let size = RelayProtocol.eventPrefixSize + message.count
        makeRoom(for: size)
        guard let frame = block.baseAddress.map({ $0 + tail }) else { return }
        frame.storeBytes(of: UInt32(truncatingIfNeeded: size).bigEndian, as: UInt32.self)
        frame.storeBytes(of: RelayProtocol.Kind.event.rawValue, toByteOffset: 4, as: UInt8.self)
        frame.storeBytes(of: 0, toByteOffset: 5, as: UInt8.self)
        frame.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        frame.storeBytes(of: sequence.bigEndian, toByteOffset: 8, as: UInt64.self)
        frame.storeBytes(of: stamp.kernelNs.bigEndian, toByteOffset: 16, as: Int64.self)
        frame.storeBytes(of: stamp.wallNs.bigEndian, toByteOffset: 24, as: Int64.self)
        frame.storeBytes(of: eventTimeNs.bigEndian, toByteOffset: 40, as: Int64.self)
        if let source = message.baseAddress {
            (frame + RelayProtocol.eventPrefixSize).copyMemory(from: source, byteCount: message.count)
        }
        tail += size
        count += 1
    }

    private func makeRoom(for size: Int) {
        while count >= eventLimit || (tail - head) + size > byteLimit, count > 0 { dropOldest() }
        // As soon as the gap in front is as large as the frames: a move for each octet at most, and memory of twice the
        // frames.
        let isWorthMoving = head > Self.keptOctets && head >= tail - head
        guard isWorthMoving || tail + size > block.count, let base = block.baseAddress else { return }
        base.copyMemory(from: base + head, byteCount: tail - head)
        touch()
        tail -= head
        head = 0
    }

    /// Everything is sent: begins at the front again, and gives memory back that only a pile of events had needed.
    @inline(__always)
    private func restart() {
        touch()
        head = 0
        tail = 0
        if touched > 2 * Self.keptOctets { giveBack() }
    }

    @inline(__always)
    private func touch() {
        touched = max(touched, tail)
        largestOctets = max(largestOctets, touched)
    }

    @inline(never)
    private func giveBack() {
        latexp_give_back(block.baseAddress.map { $0 + Self.keptOctets }, touched - Self.keptOctets)
        touched = Self.keptOctets
    }

    private func dropOldest() {
        guard let base = block.baseAddress else { return }
        let sequence = UInt64(bigEndian: (base + head).loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        head += frameSize(at: head)
        count -= 1
        dropped += 1
        onDrop?(sequence)
    }

    @inline(__always)
    private func frameSize(at offset: Int) -> Int {
        Int(UInt32(bigEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    /// Sends what `write` takes, the time of sending set right before each call.
    ///
    /// - Parameter write: like `StreamSocket.write`: the octets taken, 0 for none at the moment, negative for an error.
    /// - Returns: the events handed over, and the error number if the connection broke.
    func send(_ write: (UnsafeRawBufferPointer) -> Int) -> (events: Int, failure: Int32?) {
        var events = 0
        if let failure = sendTorn(write) { return (0, failure) }
        // One call takes at most 64 KiB, so that the times of sending are of the moment.
        while tornHead == torn.count, head < tail {
            let end = stampBatch()
            let written = write(UnsafeRawBufferPointer(rebasing: block[head..<end.offset]))
            if written < 0 { return (events, Int32(-written)) }
            if written == 0 { break }
            events += take(written, of: end)
        }
        if head == tail { restart() }
        return (events, nil)
    }

    /// What became of one event's frame that was to go alone.
    enum SingleSend {
        /// It went out.
        case sent
        /// It stays, and so do those after it.
        case kept
        /// It can never be sent: it counts as dropped.
        case impossible
    }

    /// Sends frame by frame, the time of sending set right before each call, until `send` keeps one.
    ///
    /// - Returns: the events handed over.
    @inline(__always)
    func sendEach(_ send: (UnsafeRawBufferPointer) -> SingleSend) -> Int {
        var events = 0
        sending: while head < tail, let base = block.baseAddress {
            let size = frameSize(at: head)
            let sendNs = HostClock.wallNs().bigEndian
            (base + head).storeBytes(of: sendNs, toByteOffset: RelayProtocol.eventSendTimeOffset, as: Int64.self)
            switch send(UnsafeRawBufferPointer(start: base + head, count: size)) {
            case .sent:
                head += size
                count -= 1
                events += 1
            case .kept: break sending
            case .impossible: dropOldest()
            }
        }
        if head == tail { restart() }
        return events
    }

    private func sendTorn(_ write: (UnsafeRawBufferPointer) -> Int) -> Int32? {
        while tornHead < torn.count {
            let written = torn.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[tornHead...])) }
            if written < 0 { return Int32(-written) }
            if written == 0 { return nil }
            tornHead += written
        }
        torn.removeAll(keepingCapacity: true)
        tornHead = 0
        return nil
    }

    /// Sets the time of sending in the next frames, up to 64 KiB of them.
    @inline(__always)
    private func stampBatch() -> (offset: Int, events: Int) {
        let sendNs = HostClock.wallNs().bigEndian
        var offset = head
        var events = 0
        while offset < tail, offset - head < 65_536, let base = block.baseAddress {
            (base + offset).storeBytes(of: sendNs, toByteOffset: RelayProtocol.eventSendTimeOffset, as: Int64.self)
            offset += frameSize(at: offset)
            events += 1
        }
        // Tells the receiver how much it may read at once.
        if events > 1, let base = block.baseAddress {
            let behind = UInt16(clamping: offset - head - frameSize(at: head)).bigEndian
            (base + head).storeBytes(of: behind, toByteOffset: RelayProtocol.behindOffset, as: UInt16.self)
        }
        return (offset, events)
    }

    /// Takes off the frames that went out; a frame that went out in part leaves its rest in `torn`.
    @inline(__always)
    private func take(_ written: Int, of batch: (offset: Int, events: Int)) -> Int {
        if written == batch.offset - head {
            head = batch.offset
            count -= batch.events
            return batch.events
        }
        var rest = written
        var events = 0
        while rest > 0 {
            let size = frameSize(at: head)
            if rest < size { torn.append(contentsOf: block[(head + rest)..<(head + size)]) }
            rest -= min(rest, size)
            head += size
            count -= 1
            events += 1
        }
        return events
    }

    /// Forgets the rest of a frame that was cut off with its connection.
    func connectionLost() {
        torn.removeAll(keepingCapacity: true)
        tornHead = 0
    }
}
