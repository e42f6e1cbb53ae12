import ExperimentModel

/// An EVENT as it arrived.
struct RelayedEvent {
    /// The forwarder's number for it, from 1.
    var sequence: UInt64
    /// When the forwarder's kernel received it; `SampleRecord.absent` without a time.
    var sourceKernelNs: Int64
    /// When the forwarder had read it, wall clock.
    var sourceUserNs: Int64
    /// When the forwarder sent it on, wall clock.
    var sourceSendNs: Int64
    /// When the exchange sent it; `SampleRecord.absent` when it does not say.
    var eventTimeNs: Int64
    /// What the exchange sent; valid during the call only.
    var message: UnsafeRawBufferPointer
    /// What its place among the others shows.
    var flags: SampleRecord.Flags = []

    /// Reads an EVENT's body.
    ///
    /// - Throws: `AgentError` `protocolViolation` when it is too short, or has a number that nobody counts to.
    @inline(__always)
    init(_ body: UnsafeRawBufferPointer) throws {
        let prefix = RelayProtocol.eventPrefixSize - RelayProtocol.headerSize
        guard body.count > prefix else { throw RelayProtocol.violation("an EVENT of \(body.count) octets") }
        func number(_ index: Int) -> Int64 {
            Int64(bigEndian: body.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
        }
        sequence = UInt64(bitPattern: number(0))
        guard sequence &- 1 < RelayProtocol.largestCount else {
            throw RelayProtocol.violation("an EVENT with an impossible number")
        }
        sourceKernelNs = number(1)
        sourceUserNs = number(2)
        sourceSendNs = number(3)
        eventTimeNs = number(4)
        message = UnsafeRawBufferPointer(rebasing: body[prefix...])
    }
}
