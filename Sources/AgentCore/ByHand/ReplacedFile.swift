import WireTransport

/// A file that is written piece by piece beside its place and takes it, by renaming, when it is whole.
final class ReplacedFile {
    private static let pieceSize = 65_536

    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    private var isDone = false

    /// Opens the file beside `path`.
    ///
    /// - Throws: `AgentError` `file`.
    init(path: String) throws {
        self.path = path
        temporary = "\(path).tmp"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
        waiting.reserveCapacity(Self.pieceSize + 1_024)
    }

    deinit {
        if isDone { return }
        close(descriptor)
        unlink(temporary)
    }

    /// Lets `write` append to the file.
    ///
    /// - Throws: `AgentError` `file`.
    func append(_ write: (inout [UInt8]) -> Void) throws {
        write(&waiting)
        if waiting.count >= Self.pieceSize { try flush() }
    }

    /// Puts the whole file into its place.
    ///
    /// - Throws: `AgentError` `file`; what was there before stays.
    func finish() throws {
        try flush()
        guard close(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure(path) }
        isDone = true
    }

    private func flush() throws {
        let failure = writeAll(waiting, to: descriptor)
        guard failure == 0 else { throw Self.failure(path, failure) }
        waiting.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String, _ code: Int32 = errno) -> AgentError {
        AgentError(.file, "cannot write \(path): \(systemMessage(code))")
    }
}
