import ExperimentModel

/// The receiver's records of one block, in the order of arrival: in memory, or left in their file and read when needed.
///
/// A record that is changed takes all of them into memory, as tests do.
public struct RecordedSamples: Sendable, RandomAccessCollection, MutableCollection, ExpressibleByArrayLiteral {
    /// How many records are read at once: few enough for a processor's own memory.
    private static let chunk = 2_048

    private enum Storage: Sendable {
        case memory([SampleRecord])
        case file(SampleFileReader)
    }

    private var storage: Storage

    /// Records in memory.
    public init(_ records: [SampleRecord]) {
        storage = .memory(records)
    }

    /// Records in memory.
    public init(arrayLiteral elements: SampleRecord...) {
        self.init(elements)
    }

    /// The records of the file at `path`, which stay there.
    ///
    /// - Throws: `ExperimentError`: `unreadable`, or `incompatible` for another format.
    public init(path: String) throws {
        storage = .file(try SampleFileReader(path: path))
    }

    /// Why not all of the records could be read so far; nil when nothing failed.
    public var failure: String? {
        guard case .file(let reader) = storage else { return nil }
        return reader.failure
    }

    /// The octets of a last record that was cut short.
    public var tornBytes: Int {
        guard case .file(let reader) = storage else { return 0 }
        return reader.tornBytes
    }

    /// 0.
    public var startIndex: Int { 0 }

    /// The number of records.
    public var endIndex: Int {
        switch storage {
        case .memory(let records): records.count
        case .file(let reader): reader.count
        }
    }

    /// One record; of a file, a read each.
    ///
    /// A record that cannot be read has every time absent, and `failure` says why.
    public subscript(index: Int) -> SampleRecord {
        get {
            switch storage {
            case .memory(let records): return records[index]
            case .file(let reader):
                precondition(indices.contains(index), "record \(index) of \(count)")
                var record = SampleRecord()
                withUnsafeTemporaryAllocation(byteCount: SampleRecord.size, alignment: 8) { buffer in
                    if reader.read(from: index, into: buffer), let base = buffer.baseAddress {
                        record = SampleRecord(from: base)
                    }
                }
                return record
            }
        }
        set {
            var records: [SampleRecord]
            switch storage {
            case .memory(let known): records = known
            case .file: records = Array(self)
            }
            storage = .memory([])
            records[index] = newValue
            storage = .memory(records)
        }
    }

    /// The records one after the other.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// Goes through records; a file is read some hundred at a time.
    public struct Iterator: IteratorProtocol {
        private let samples: RecordedSamples
        private var index = 0
        private var chunk: [SampleRecord] = []
        private var chunkStart = 0

        init(_ samples: RecordedSamples) {
            self.samples = samples
        }

        /// The next record; nil at the end, and where a file cannot be read further.
        public mutating func next() -> SampleRecord? {
            if case .memory(let records) = samples.storage {
                guard index < records.count else { return nil }
                index += 1
                return records[index - 1]
            }
            if index >= chunkStart + chunk.count {
                let range = index..<Swift.min(samples.count, index + 512)
                guard !range.isEmpty else { return nil }
                chunk.removeAll(keepingCapacity: true)
                chunkStart = index
                samples.forEach(in: range) { chunk.append($0) }
                guard !chunk.isEmpty else { return nil }
            }
            index += 1
            return chunk[index - 1 - chunkStart]
        }
    }

    /// Calls `body` with each record of a range in its order; ends early where a file cannot be read, which `failure`
    /// tells.
    @inline(__always)
    public func forEach(in range: Range<Int>, _ body: (SampleRecord) -> Void) {
        switch storage {
        case .memory(let records):
            for record in records[range] { body(record) }
        case .file(let reader):
            withUnsafeTemporaryAllocation(byteCount: Self.chunk * SampleRecord.size, alignment: 64) { buffer in
                guard let base = buffer.baseAddress else { return }
                var first = range.lowerBound
                while first < range.upperBound {
                    let count = Swift.min(Self.chunk, range.upperBound - first)
                    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * SampleRecord.size)])
                    guard reader.read(from: first, into: part) else { return }
                    for index in 0..<count { body(SampleRecord(from: base + index * SampleRecord.size)) }
                    first += count
                }
            }
        }
    }

    /// Calls `body` with each record in its order; ends early where a file cannot be read, which `failure` tells.
    @inline(__always)
    public func forEach(_ body: (SampleRecord) -> Void) { forEach(in: 0..<count, body) }
}
