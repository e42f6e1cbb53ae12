/// One event seen on one lane, with its times; the record of `samples.bin`.
///
/// On disk, 96 octets, little endian, in this order:
/// ```
///  0  updateID          i64   u; the exchange's update id
///  8  eventTimeNs       i64   E in nanoseconds; `absent` without one
/// 16  transactionTimeNs i64   T in nanoseconds; `absent` without one
/// 24  sequence          u64   relayed: the forwarder's sequence id; direct: the lane's count
/// 32  sourceKernelNs    i64   relayed: forwarder's kernel receive time, wall; else `absent`
/// 40  sourceUserNs      i64   relayed: forwarder's clock after the read, wall; else `absent`
/// 48  sourceSendNs      i64   relayed: forwarder's clock before the send, wall; else `absent`
/// 56  arrivalKernelNs   i64   kernel receive time, wall; `absent` when the kernel gave none
/// 64  arrivalWallNs     i64   CLOCK_REALTIME after the read
/// 72  arrivalMonotonicNs i64  CLOCK_MONOTONIC after the read
/// 80  lane              u16   number among all lanes of the plan
/// 82  stream            u16   index into the plan's streams
/// 84  connection        u16   which connection of the lane, from 0
/// 86  flags             u16   see `Flags`
/// 88  reserved          u64   0
/// ```
public struct SampleRecord: Hashable, Sendable {
    /// The octets of one record.
    public static let size = 96
    /// Stands for a time that is not there.
    public static let absent = Int64.min

    /// Marks of a record.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The bits as they stand on disk.
        public let rawValue: UInt16
        /// Marks from their bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The same sequence id, or on a direct lane the same update id, came before.
        public static let duplicate = Flags(rawValue: 1 << 0)
        /// A later one came before.
        public static let reordered = Flags(rawValue: 1 << 1)
    }

    /// The exchange's update id (`u`).
    public var updateID: Int64
    /// When the exchange says it sent the event, wall clock of the exchange; `absent` without one.
    public var eventTimeNs: Int64
    /// The exchange's transaction time; `absent` without one.
    public var transactionTimeNs: Int64
    /// The forwarder's sequence id, or the direct lane's count.
    public var sequence: UInt64
    /// The forwarder's kernel receive time, wall.
    public var sourceKernelNs: Int64
    /// The forwarder's clock after the read, wall.
    public var sourceUserNs: Int64
    /// The forwarder's clock before the send, wall.
    public var sourceSendNs: Int64
    /// The receiver's kernel receive time, wall.
    public var arrivalKernelNs: Int64
    /// The receiver's wall clock after the read.
    public var arrivalWallNs: Int64
    /// The receiver's monotonic clock after the read.
    public var arrivalMonotonicNs: Int64
    /// The number among all lanes of the plan.
    public var lane: UInt16
    /// The index into the plan's streams.
    public var stream: UInt16
    /// Which connection of the lane.
    public var connection: UInt16
    /// Marks.
    public var flags: Flags

    /// A record with every time absent.
    public init(
        updateID: Int64 = 0,
        eventTimeNs: Int64 = absent,
        transactionTimeNs: Int64 = absent,
        sequence: UInt64 = 0,
        sourceKernelNs: Int64 = absent,
        sourceUserNs: Int64 = absent,
        sourceSendNs: Int64 = absent,
        arrivalKernelNs: Int64 = absent,
        arrivalWallNs: Int64 = absent,
        arrivalMonotonicNs: Int64 = absent,
        lane: UInt16 = 0,
        stream: UInt16 = 0,
        connection: UInt16 = 0,
        flags: Flags = []
    ) {
        self.updateID = updateID
        self.eventTimeNs = eventTimeNs
        self.transactionTimeNs = transactionTimeNs
        self.sequence = sequence
        self.sourceKernelNs = sourceKernelNs
        self.sourceUserNs = sourceUserNs
        self.sourceSendNs = sourceSendNs
        self.arrivalKernelNs = arrivalKernelNs
        self.arrivalWallNs = arrivalWallNs
        self.arrivalMonotonicNs = arrivalMonotonicNs
        self.lane = lane
        self.stream = stream
        self.connection = connection
        self.flags = flags
    }

    /// The best arrival time on the wall clock: the kernel's, else the user-space one.
    @inlinable
    public var arrivalNs: Int64 { arrivalKernelNs != Self.absent ? arrivalKernelNs : arrivalWallNs }

    /// Where `arrivalNs` came from.
    @inlinable
    public var arrivalSource: ReceiveTimeSource { arrivalKernelNs != Self.absent ? .kernel : .user }

    /// Where `sourceNs` came from; nil on a direct lane.
    @inlinable
    public var sourceSource: ReceiveTimeSource? {
        guard sourceNs != Self.absent else { return nil }
        return sourceKernelNs != Self.absent ? .kernel : .user
    }

    /// The receiver's own delay: from the kernel's receive time to the program's clock after the read; nil without kernel time.
    @inlinable
    public var hostDelayNs: Int64? { Self.delay(from: arrivalKernelNs, to: arrivalWallNs) }

    /// The forwarder's own delay, the same way; nil without kernel time, and on a direct lane.
    @inlinable
    public var sourceHostDelayNs: Int64? { Self.delay(from: sourceKernelNs, to: sourceUserNs) }

    @inlinable
    static func delay(from kernelNs: Int64, to userNs: Int64) -> Int64? {
        guard kernelNs != absent, userNs != absent else { return nil }
        let (value, overflow) = userNs.subtractingReportingOverflow(kernelNs)
        return overflow ? nil : value
    }

    /// The best arrival time on the monotonic clock, for differences at this receiver whatever the wall clock does.
    ///
    /// The kernel's time carried over by the two user-space readings of one moment; a kernel time further than 10 s from
    /// them (the wall clock was stepped in between) is not believed.
    @inlinable
    public var arrivalOnMonotonicNs: Int64 {
        guard arrivalKernelNs != Self.absent else { return arrivalMonotonicNs }
        let (readDelayNs, overflow) = arrivalWallNs.subtractingReportingOverflow(arrivalKernelNs)
        guard !overflow, readDelayNs.magnitude < 10_000_000_000 else { return arrivalMonotonicNs }
        // A damaged record may hold anything; it is told by its times, not by a trap.
        return arrivalMonotonicNs &- readDelayNs
    }

    /// The forwarder's best receive time, wall; `absent` on a direct lane.
    @inlinable
    public var sourceNs: Int64 { sourceKernelNs != Self.absent ? sourceKernelNs : sourceUserNs }
}

extension SampleRecord {
    /// Writes the record's 96 octets at `target`.
    @inlinable
    public func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: updateID.littleEndian, as: Int64.self)
        target.storeBytes(of: eventTimeNs.littleEndian, toByteOffset: 8, as: Int64.self)
        target.storeBytes(of: transactionTimeNs.littleEndian, toByteOffset: 16, as: Int64.self)
        target.storeBytes(of: sequence.littleEndian, toByteOffset: 24, as: UInt64.self)
        target.storeBytes(of: sourceKernelNs.littleEndian, toByteOffset: 32, as: Int64.self)
        target.storeBytes(of: sourceUserNs.littleEndian, toByteOffset: 40, as: Int64.self)
        target.storeBytes(of: sourceSendNs.littleEndian, toByteOffset: 48, as: Int64.self)
        target.storeBytes(of: arrivalKernelNs.littleEndian, toByteOffset: 56, as: Int64.self)
        target.storeBytes(of: arrivalWallNs.littleEndian, toByteOffset: 64, as: Int64.self)
        target.storeBytes(of: arrivalMonotonicNs.littleEndian, toByteOffset: 72, as: Int64.self)
        target.storeBytes(of: lane.littleEndian, toByteOffset: 80, as: UInt16.self)
        target.storeBytes(of: stream.littleEndian, toByteOffset: 82, as: UInt16.self)
        target.storeBytes(of: connection.littleEndian, toByteOffset: 84, as: UInt16.self)
        target.storeBytes(of: flags.rawValue.littleEndian, toByteOffset: 86, as: UInt16.self)
        target.storeBytes(of: 0, toByteOffset: 88, as: UInt64.self)
    }

    /// Reads a record from its 96 octets at `source`.
    @inlinable
    public init(from source: UnsafeRawPointer) {
        func int64(_ offset: Int) -> Int64 {
            Int64(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        }
        func uint16(_ offset: Int) -> UInt16 {
            UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        self.init(
            updateID: int64(0),
            eventTimeNs: int64(8),
            transactionTimeNs: int64(16),
            sequence: UInt64(bitPattern: int64(24)),
            sourceKernelNs: int64(32),
            sourceUserNs: int64(40),
            sourceSendNs: int64(48),
            arrivalKernelNs: int64(56),
            arrivalWallNs: int64(64),
            arrivalMonotonicNs: int64(72),
            lane: uint16(80),
            stream: uint16(82),
            connection: uint16(84),
            flags: Flags(rawValue: uint16(86))
        )
    }
}
