import CSockets

/// What the owner of a channel hears, on the loop's thread.
public protocol ByteChannelOwner: AnyObject {
    /// TCP is up; TLS, if any, is yet to be agreed on.
    func channelConnected(_ channel: ByteChannel)
    /// The channel is connected, and TLS, if any, is agreed on.
    func channelOpened(_ channel: ByteChannel)
    /// More octets are in `channel.input`; `channel.stamp` is the moment of the read that brought the last of them.
    func channelReceived(_ channel: ByteChannel)
    /// Nothing more follows at once on what was received since the last call; several `channelReceived` may have come
    /// before.
    func channelPaused(_ channel: ByteChannel)
    /// The kernel takes octets again that the owner writes by itself (`asksToWrite`).
    func channelWritable(_ channel: ByteChannel)
    /// The channel is closed; nothing follows.
    func channelClosed(_ channel: ByteChannel, reason: TransportError)
}

extension ByteChannelOwner {
    /// Most owners wait until all is agreed on.
    public func channelConnected(_ channel: ByteChannel) {}
    /// Most owners write only through the channel's queue.
    public func channelWritable(_ channel: ByteChannel) {}
    /// Most owners deal with each delivery alone.
    public func channelPaused(_ channel: ByteChannel) {}
}

/// A TCP connection, with or without TLS, on an event loop.
///
/// Reads go to `input` with the kernel's receive time beside them; writes are queued when the kernel takes no more.
public final class ByteChannel: LoopMember {
    /// How far the connection is.
    public enum State: Sendable {
        /// TCP is connecting.
        case connecting
        /// TLS is being agreed on.
        case handshaking
        /// Octets may flow.
        case open
        /// It is over.
        case closed
    }

    /// How far the connection is.
    public private(set) var state: State
    /// What has come and is not consumed.
    public let input: ReceiveBuffer
    /// The moment of the newest read.
    public private(set) var stamp = ReadStamp()
    /// How the owner's messages are told apart on a plain connection; with it, and with TLS always, every message gets
    /// the receive time of its own segment, however many are ready.
    public var framing: MessageFraming? {
        get { plain.framing }
        set { plain.framing = newValue }
    }
    /// The underlying socket.
    public let socket: StreamSocket
    /// The address that was dialled; nil for an accepted connection.
    var intendedAddress: SocketAddress?
    /// The other side's address.
    public var endpoint: String {
        (intendedAddress ?? acceptedFrom)?.description ?? "an unknown address"
    }
    /// Whether the owner, which writes to `socket` by itself, waits for room there; plain TCP only.
    public var asksToWrite = false
    /// Octets written in all, as they go over the wire (ciphertext with TLS).
    public private(set) var wireOctetsQueued = 0

    private let acceptedFrom: SocketAddress?
    private let loop: EventLoop
    private var owner: (any ByteChannelOwner)?
    private var tls: TLSSession?
    private var output: [UInt8] = []
    private var outputHead = 0
    private let outputLimit: Int
    private var plain = PlainReader()
    /// Nil without TLS.
    private let ciphertext: CiphertextReader?
    private var closesWhenFlushed: TransportError?
    private var finishesWriting = false
    /// Why writing failed; what the other side sent before is still to be delivered.
    private var writeFailure: TransportError?
    /// Deliveries in a row while there is more to read; then everything else has its turn.
    private static let deliveryLimit = 16

    /// Puts a socket on a loop.
    ///
    /// - Parameters:
    ///   - socket: connected, or connecting.
    ///   - isConnected: whether it is connected already (accepted sockets).
    ///   - tls: the session to agree on first; nil for plain TCP.
    ///   - owner: hears of everything; kept until the channel is closed.
    ///   - inputCapacity: the longest unconsumed input; a message must fit.
    ///   - outputLimit: queued octets beyond which the other side counts as stuck.
    public init(
        socket: StreamSocket,
        isConnected: Bool,
        tls: TLSSession?,
        loop: EventLoop,
        owner: any ByteChannelOwner,
        inputCapacity: Int = 2 << 20,
        outputLimit: Int = 8 << 20
    ) {
        self.socket = socket
        self.state = .connecting
        self.acceptedFrom = isConnected ? socket.remoteAddress : nil
        self.tls = tls
        self.loop = loop
        self.owner = owner
        self.input = ReceiveBuffer(capacity: inputCapacity)
        self.outputLimit = outputLimit
        self.ciphertext = tls == nil ? nil : CiphertextReader()
        loop.add(self)
        // Not at once: the owner has not got its reference to this channel yet.
        // Weak references are avoided all over the hot path: they make every later retain of the object slow.
        if isConnected { loop.schedule(afterNs: 0) { [self] in connected() } }
    }

    /// The descriptor that the loop watches.
    public var descriptor: Int32 { state == .closed ? -1 : socket.descriptor }
    /// Whether it waits to read.
    public var wantsToRead: Bool { state == .open || state == .handshaking }
    /// Whether it waits to write.
    public var wantsToWrite: Bool {
        state == .connecting || (outputHead < output.count || asksToWrite) && writeFailure == nil
    }

    /// The TLS version and cipher; nil without TLS.
    public var agreedTLS: String? { tls?.agreed }

    /// Whether written octets wait for the kernel.
    public var hasQueuedOutput: Bool { outputHead < output.count }

    /// Does what the loop says is possible now.
    public func ready(toRead: Bool, toWrite: Bool) {
        if state == .connecting {
            guard toWrite else { return }
            if let code = socket.connectionFailure() {
                fail(TransportError(.unreachable, "cannot connect to \(endpoint): \(systemMessage(code))"))
            } else {
                connected()
            }
            return
        }
        if toWrite {
            flush()
            if asksToWrite, !hasQueuedOutput, state == .open { owner?.channelWritable(self) }
        }
        if toRead, state != .closed { _ = receive(waits: false) }
    }

    /// Reads without having been told that there is something.
    public func look(waits: Bool) -> Bool {
        wantsToRead && receive(waits: waits)
    }

    private func connected() {
        guard state == .connecting else { return }
        if tls == nil {
            state = .open
            owner?.channelOpened(self)
        } else {
            state = .handshaking
            owner?.channelConnected(self)
            continueHandshake()
        }
    }

    // MARK: Reading

    /// Reads and delivers what is there, within limits; whether there was something.
    @inline(__always)
    private func receive(waits: Bool) -> Bool {
        guard tls == nil ? readPlain(waits) : readCiphertext(waits) else { return false }
        if stamp.leftOctets > 0, state == .open, tls != nil || framing != nil { readOn() }
        owner?.channelPaused(self)
        return true
    }

    /// Goes on with what is there to be read.
    @inline(never)
    private func readOn() {
        for _ in 1..<Self.deliveryLimit where stamp.leftOctets > 0 && state == .open {
            guard tls == nil ? readPlain(false) : readCiphertext(false) else { return }
        }
    }

    /// Reads one portion of plain octets and delivers them; whether there was something.
    @inline(__always)
    private func readPlain(_ waits: Bool) -> Bool {
        guard !input.isFull else {
            overflowed()
            return false
        }
        switch plain.read(from: socket, into: input, stamp: &stamp, waits: waits) {
        case .read:
            owner?.channelReceived(self)
            if stamp.leftOctets == 0 || state == .open { plain.delivered(input, stamp) }
            return true
        case .wouldBlock:
            // The kernel may have said that there was more although there was not.
            if plain.octets > 0 { owner?.channelReceived(self) }
            return plain.octets > 0
        case .closed: closedByPeer("\(endpoint) closed the connection", after: plain.octets)
        case .failed(let code): broken(code)
        }
        return false
    }

    /// Reads one portion of ciphertext and delivers what it holds; whether there was something.
    private func readCiphertext(_ waits: Bool) -> Bool {
        guard let ciphertext else { return false }
        switch ciphertext.read(from: socket, stamp: &stamp, isOpen: state == .open, waits: waits) {
        case .read, .wouldBlock: return take(ciphertext)
        case .closed:
            _ = take(ciphertext)
            closedByPeer("\(endpoint) closed the connection without a TLS goodbye", after: 0)
        case .failed(let code): broken(code)
        }
        return false
    }

    /// Has TLS take what was read; whether there was something.
    private func take(_ ciphertext: CiphertextReader) -> Bool {
        let octets = ciphertext.take()
        guard octets.count > 0 else { return false }
        tls?.receive(octets)
        if state == .handshaking { continueHandshake() }
        if state == .open { deliverPlaintext() }
        return true
    }

    private func closedByPeer(_ reason: String, after octets: Int) {
        if octets > 0 { owner?.channelReceived(self) }
        owner?.channelPaused(self)
        fail(writeFailure ?? TransportError(.closed, reason))
    }

    private func broken(_ code: Int32) {
        owner?.channelPaused(self)
        fail(writeFailure ?? TransportError(.broken, "the connection to \(endpoint) broke: \(systemMessage(code))"))
    }

    private func deliverPlaintext() {
        do {
            var isOver = false
            while let tls, state == .open, !isOver {
                guard !input.isFull else { return overflowed() }
                var filled = 0
                while !input.isFull {
                    guard let count = try tls.read(into: input.room()) else {
                        isOver = true
                        break
                    }
                    if count == 0 { break }
                    input.filled(count)
                    filled += count
                    if !tls.hasMoreToRead { break }
                }
                if filled > 0 { owner?.channelReceived(self) }
                if filled == 0 || !tls.hasMoreToRead { break }
            }
            if isOver { fail(TransportError(.closed, "\(endpoint) closed the connection")) }
            moveCiphertext()
        } catch {
            fail(error)
        }
    }

    private func continueHandshake() {
        do {
            let isComplete = try tls?.handshake() ?? true
            moveCiphertext()
            if isComplete, state == .handshaking {
                state = .open
                owner?.channelOpened(self)
            }
        } catch {
            // The alert that says why should still go out.
            moveCiphertext()
            fail(error)
        }
    }

    private func overflowed() {
        fail(TransportError(.broken, "\(endpoint) sent a message longer than the input buffer"))
    }

    // MARK: Writing

    /// Sends `bytes`, or queues what the kernel does not take now.
    public func write(_ bytes: UnsafeRawBufferPointer) {
        guard state == .open, closesWhenFlushed == nil, !finishesWriting, writeFailure == nil else { return }
        if let tls {
            do {
                try tls.write(bytes)
                moveCiphertext()
            } catch {
                fail(error)
            }
            return
        }
        queue(bytes)
        flush()
    }

    /// Sends octets held in an array.
    public func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    private func queue(_ bytes: UnsafeRawBufferPointer) {
        output.append(contentsOf: bytes)
        wireOctetsQueued += bytes.count
    }

    private func moveCiphertext() {
        guard let tls, tls.hasOutput else { return }
        let before = output.count
        tls.takeOutput(&output)
        wireOctetsQueued += output.count - before
        flush()
    }

    private func flush() {
        while outputHead < output.count, state != .closed, writeFailure == nil {
            let count = output.withUnsafeBytes { socket.write(UnsafeRawBufferPointer(rebasing: $0[outputHead...])) }
            if count < 0 {
                let reason = "the connection to \(endpoint) broke: \(systemMessage(Int32(-count)))"
                return failAfterReading(TransportError(.broken, reason))
            }
            if count == 0 { break }
            outputHead += count
        }
        if outputHead == output.count {
            output.removeAll(keepingCapacity: true)
            outputHead = 0
            if let reason = closesWhenFlushed { fail(reason) } else if finishesWriting { socket.finishWriting() }
        } else if output.count - outputHead > outputLimit {
            fail(
                TransportError(.broken, "\(endpoint) reads too slowly: \(output.count - outputHead) octets are queued")
            )
        } else if outputHead > 1 << 16 {
            output.removeFirst(outputHead)
            outputHead = 0
        }
    }

    // MARK: Closing

    /// Lets the channel finish alone: the owner hears nothing more.
    public func detachOwner() {
        owner = nil
    }

    /// Gives the channel to another owner.
    public func handOver(to owner: any ByteChannelOwner) {
        self.owner = owner
    }

    /// Closes once what is queued has gone out; the owner hears `reason`.
    public func closeWhenFlushed(_ reason: TransportError = TransportError(.closed, "closed by this side")) {
        guard state != .closed else { return }
        if state == .open, let tls {
            tls.finish()
            moveCiphertext()
        }
        closesWhenFlushed = reason
        flush()
    }

    /// Announces, once what is queued has gone out, that nothing more will be written; what comes is still read.
    ///
    /// Plain TCP only.
    public func finishWritingWhenFlushed() {
        guard state == .open, tls == nil else { return }
        finishesWriting = true
        flush()
    }

    /// Closes because writing failed, but delivers first what the other side had sent: it may say why it closed.
    ///
    /// Not at once, since the owner may be in the middle of what it received before. The owner hears `reason`, unless it closes the
    /// channel itself for what it reads.
    public func failAfterReading(_ reason: TransportError) {
        guard state != .closed, writeFailure == nil else { return }
        writeFailure = reason
        loop.schedule(afterNs: 0) { [self] in
            for _ in 0..<Self.deliveryLimit where state != .closed {
                guard receive(waits: false) else { break }
            }
            fail(reason)
        }
    }

    /// Closes at once; the owner hears `reason`.
    public func fail(_ reason: any Error) {
        guard state != .closed else { return }
        state = .closed
        loop.remove(self)
        // At once, whoever still holds this channel: the other side should hear of it now.
        socket.close()
        let owner = self.owner
        self.owner = nil
        let error = reason as? TransportError ?? TransportError(.broken, "\(reason)")
        owner?.channelClosed(self, reason: error)
    }

    /// Closes at once without a word to the owner.
    public func abandon() {
        owner = nil
        fail(TransportError(.closed, "given up"))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The first octets, at most so many.
    @inline(__always)
    func prefixed(by count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: baseAddress, count: Swift.min(self.count, count))
    }
}
