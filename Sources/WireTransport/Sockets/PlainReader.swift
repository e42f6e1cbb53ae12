/// Reads a plain connection's octets in portions, into the buffer that its owner consumes.
struct PlainReader {
    /// How the owner's messages are told apart; nil when they are not.
    var framing: MessageFraming?

    private var portion = ReadPortion()
    /// The octets of the present portion.
    private(set) var octets = 0
    /// The extent of the message that the unread octets begin with.
    private var extent = 0
    private var hasSeveral = false

    /// Reads one portion into `input`, which must not be full; `waits` says whether the read may wait for it.
    @inline(__always)
    mutating func read(
        from socket: StreamSocket,
        into input: ReceiveBuffer,
        stamp: inout ReadStamp,
        waits mayWait: Bool
    ) -> StreamSocket.ReadOutcome {
        var waits = mayWait
        var limit = limit(socket, input, isDraining: stamp.leftOctets > 0)
        octets = 0
        while true {
            let outcome = socket.read(into: input.room().prefixed(by: limit), stamp: &stamp, waits: waits)
            guard case .read(let count) = outcome else { return outcome }
            input.filled(count)
            octets += count
            guard let framing else { return .read(octets) }
            extent = framing.extent(input.unread)
            hasSeveral = input.count > extent
            guard stamp.leftOctets > 0, extent > input.count, !input.isFull else { return .read(octets) }
            // A message's beginning is of no use alone while its rest lies ready.
            waits = false
            limit = extent - input.count
        }
    }

    /// The most that the next read may take.
    @inline(__always)
    private func limit(_ socket: StreamSocket, _ input: ReceiveBuffer, isDraining: Bool) -> Int {
        guard let framing, socket.hasKernelTimes else { return .max }
        switch portion.next(isDraining: isDraining, isBetweenMessages: input.count == 0) {
        case .octets(let count): return count
        case .exact: return max(1, framing.missing(input.unread))
        }
    }

    /// Notes that the owner has had the present portion, and has left in `input` what it could not use yet.
    @inline(__always)
    mutating func delivered(_ input: ReceiveBuffer, _ stamp: ReadStamp) {
        guard let framing else { return }
        let left = Int(stamp.leftOctets)
        // The rest of a message that was too long for one read is no other message.
        let isLate = hasSeveral || left > 0 && (input.count == 0 || left > framing.missing(input.unread))
        portion.delivered(octets, messageOctets: extent, kernelNs: stamp.kernelNs, isLate: isLate)
    }
}
