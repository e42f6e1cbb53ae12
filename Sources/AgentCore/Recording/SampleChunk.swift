import ExperimentModel

/// Samples on their way to the disk, encoded; its octets are filled again and again.
struct SampleChunk: Sendable {
    /// The samples that it takes.
    static let capacity = 2_048

    /// `capacity` records, of which the first `count` are samples.
    private(set) var octets = [UInt8](repeating: 0, count: capacity * SampleRecord.size)
    /// The samples in it.
    private(set) var count = 0

    /// Whether it takes no more.
    @inline(__always)
    var isFull: Bool { count == Self.capacity }

    /// Appends one; it must not be full.
    @inline(__always)
    mutating func append(_ sample: SampleRecord) {
        let offset = count * SampleRecord.size
        octets.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { sample.write(to: base + offset) }
        }
        count += 1
    }

    /// Forgets the samples and keeps the memory.
    mutating func clear() {
        count = 0
    }
}
