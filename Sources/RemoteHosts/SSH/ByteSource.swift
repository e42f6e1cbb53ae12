import Foundation

/// Where a command's input comes from.
protocol ByteSource: AnyObject {
    /// Fills the buffer as far as it can; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Input from memory.
final class MemorySource: ByteSource {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = rest.prefix(buffer.count)
        buffer.copyBytes(from: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}

/// Input from a local file.
final class FileSource: ByteSource {
    let byteCount: Int64
    private let path: String
    private let descriptor: Int32
    private var sentBytes: Int64 = 0
    private let report: (Int64) -> Void

    init(path: String, host: String, report: @escaping (Int64) -> Void) throws {
        self.descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        self.report = report
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw RemoteHostError(.localFile, host: host, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        self.byteCount = Int64(status.st_size)
    }

    deinit {
        if descriptor >= 0 { closeDescriptor(descriptor) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
        guard count >= 0 else {
            throw RemoteHostError(.localFile, host: "", "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        sentBytes += Int64(count)
        report(sentBytes)
        return count
    }
}
