import Foundation
import Synchronization

/// A local file that appears under its name only when it is whole.
final class AtomicFile: Sendable {
    let descriptor: Int32

    private let path: String
    private let partPath: String
    private let host: String
    private let appended = Mutex<Int64>(0)
    private let isCommitted = Mutex(false)

    /// What has been appended so far.
    var byteCount: Int64 { appended.withLock { $0 } }

    /// Opens a file beside `path`; its directory must exist.
    init(path: String, host: String) throws {
        self.path = path
        self.host = host
        self.partPath = path + ".tmp." + String(UInt32.random(in: .min ... .max), radix: 16)
        self.descriptor = open(partPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("made") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        closeDescriptor(descriptor)
        if !isCommitted.withLock({ $0 }) { unlink(partPath) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try appended.withLock { offset in
            try write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
    }

    /// Writes at an offset in bytes from the start; several threads may do so side by side.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        var rest = bytes
        var position = offset
        while !rest.isEmpty {
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("written") }
            position += Int64(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Passes on what has been written from an offset to the end.
    func read(from offset: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var position = offset
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            guard count > 0 else { return }
            position += Int64(count)
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Puts the file under its name, over what may be there.
    func commit(permissions: UInt16) throws {
        guard fchmod(descriptor, mode_t(permissions)) == 0, rename(partPath, path) == 0 else {
            throw failure("put in place")
        }
        isCommitted.withLock { $0 = true }
    }

    private func failure(_ action: String) -> RemoteHostError {
        RemoteHostError(.localFile, host: host, "\(path) cannot be \(action): \(String(cString: strerror(errno)))")
    }
}
