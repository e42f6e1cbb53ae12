import ExperimentModel
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads records of `samples.bin` a piece at a time, so that a long run needs no more memory than a short one.
final class SampleFileReader: Sendable {
    /// The whole records in the file.
    let count: Int
    /// The octets of a torn last record (normally 0).
    let tornBytes: Int
    private let path: String
    private let descriptor: Int32
    private let firstFailure = Mutex<String?>(nil)

    /// Opens the file and looks at its header.
    ///
    /// - Throws: `ExperimentError`: `unreadable`, or `incompatible` for another format.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var facts = stat()
        guard descriptor >= 0, fstat(descriptor, &facts) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw ExperimentError(.unreadable, "cannot read \(path): \(reason)")
        }
        let octets = max(0, Int(facts.st_size) - SampleFile.headerSize)
        count = octets / SampleRecord.size
        tornBytes = octets % SampleRecord.size
        var header = [UInt8](repeating: 0, count: SampleFile.headerSize)
        let descriptor = self.descriptor
        let got = header.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        try header.prefix(max(0, got)).withUnsafeBytes { try SampleFile.checkHeader($0, path: path) }
    }

    deinit { close(descriptor) }

    /// Why the file could not be read to its end, which it could when it was opened; nil when it could.
    var failure: String? { firstFailure.withLock { $0 } }

    /// Fills `buffer` with the octets of the records from `first` on; false when they could not all be read.
    func read(from first: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        while done < buffer.count {
            let at = SampleFile.headerSize + first * SampleRecord.size + done
            let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(at))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                let reason = got == 0 ? "it became shorter" : String(cString: strerror(errno))
                let text = "\(path) could only be read up to record \(first): \(reason)"
                firstFailure.withLock { $0 = $0 ?? text }
                return false
            }
            done += got
        }
        return true
    }
}
