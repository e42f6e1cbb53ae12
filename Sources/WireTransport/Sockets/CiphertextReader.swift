/// Reads a TLS connection's octets in portions, whole records as far as possible.
final class CiphertextReader {
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Octets at the front of the block that are not taken: a record that is not whole, while its rest is there to be
    /// read.
    private var held = 0
    private var records = TLSRecordPosition()
    private var portion = ReadPortion()

    deinit { block.deallocate() }

    /// Reads one portion.
    ///
    /// - Parameters:
    ///   - isOpen: whether the handshake is over: its records are read as they come.
    ///   - waits: whether the read may wait.
    func read(
        from socket: StreamSocket,
        stamp: inout ReadStamp,
        isOpen: Bool,
        waits mayWait: Bool
    ) -> StreamSocket.ReadOutcome {
        var waits = mayWait
        var limit = isOpen && socket.hasKernelTimes ? limit(isDraining: stamp.leftOctets > 0) : .max
        while true {
            let room = UnsafeMutableRawBufferPointer(rebasing: block[held...]).prefixed(by: limit)
            let outcome = socket.read(into: room, stamp: &stamp, waits: waits)
            guard case .read(let count) = outcome else { return outcome }
            records.advance(over: UnsafeRawBufferPointer(rebasing: block[held..<(held + count)]))
            held += count
            let left = Int(stamp.leftOctets)
            guard isOpen, left > 0, records.missing > 0, held < block.count else { break }
            waits = false
            limit = records.missing
        }
        portion.delivered(
            held,
            messageOctets: records.recordOctets,
            kernelNs: stamp.kernelNs,
            isLate: records.takeCompleted() > 1 || Int(stamp.leftOctets) > records.missing
        )
        return .read(held)
    }

    /// The most that the next read may take.
    private func limit(isDraining: Bool) -> Int {
        switch portion.next(isDraining: isDraining, isBetweenMessages: records.missing == 0) {
        case .octets(let count): count
        case .exact: records.step
        }
    }

    /// What has been read and not been taken, possibly nothing; valid until the next read.
    func take() -> UnsafeRawBufferPointer {
        defer { held = 0 }
        return UnsafeRawBufferPointer(rebasing: block[..<held])
    }
}
