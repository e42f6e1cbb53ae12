import Foundation

/// A local file that appears under its name only when it is whole.
final class AtomicFile {
    /// What has been written so far.
    private(set) var byteCount: Int64 = 0
    let descriptor: Int32

    private let path: String
    private let partPath: String
    private let host: String
    private var isCommitted = false

    /// Opens a file beside `path`; its directory must exist.
    init(path: String, host: String) throws {
        self.path = path
        self.host = host
        self.partPath = path + ".tmp." + String(UInt32.random(in: .min ... .max), radix: 16)
        self.descriptor = open(partPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("made") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        closeDescriptor(descriptor)
        if !isCommitted { unlink(partPath) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("written") }
            byteCount += Int64(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Puts the file under its name, over what may be there.
    func commit(permissions: UInt16) throws {
        guard fchmod(descriptor, mode_t(permissions)) == 0, rename(partPath, path) == 0 else {
            throw failure("put in place")
        }
        isCommitted = true
    }

    private func failure(_ action: String) -> RemoteHostError {
        RemoteHostError(.localFile, host: host, "\(path) cannot be \(action): \(String(cString: strerror(errno)))")
    }
}
