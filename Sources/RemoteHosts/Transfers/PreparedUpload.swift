import Foundation
import Subprocess

/// An upload of which everything is known that the remote side must be told.
struct PreparedUpload: Sendable {
    let file: UploadFile
    /// The SHA-256 that the remote side must find.
    let sha256: String
    /// The file's length.
    let byteCount: Int64
    /// What is sent: the file, or a compressed copy.
    let sentPath: String
    let isCompressed: Bool

    private static let compressionThresholdBytes = 1 << 16

    /// Hashes and compresses what is not known or there yet.
    @concurrent
    init(_ file: UploadFile, host: String) async throws {
        self.file = file
        (self.sha256, self.byteCount) = try Self.digest(file.localPath, known: file.sha256, host: host)
        switch file.compression {
        case .precompressed(let path):
            self.sentPath = path
            self.isCompressed = true
        case .automatic where byteCount > Self.compressionThresholdBytes:
            let compressed = try await CompressedCopies.shared.copy(of: file.localPath, sha256: sha256)
            self.sentPath = compressed ?? file.localPath
            self.isCompressed = compressed != nil
        case .automatic, .none:
            self.sentPath = file.localPath
            self.isCompressed = false
        }
    }

    private static func digest(_ path: String, known: String?, host: String) throws -> (String, Int64) {
        let source = try FileSource(path: path, host: host) { _ in }
        if let known { return (known, source.byteCount) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var digest = SHA256()
        while true {
            try Task.checkCancellation()
            let count = try source.read(into: buffer)
            guard count > 0 else { return (digest.finalize().hexadecimal, source.byteCount) }
            digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// Compressed copies beside their originals, made once however many hosts want them at the same time.
actor CompressedCopies {
    static let shared = CompressedCopies()

    private var running: [String: Task<String?, Never>] = [:]

    /// The copy's path; nil when there is no gzip or no place for it: then the original can be sent as it is.
    ///
    /// The copy's name holds the original's hash, so an old copy is never taken for a new file's.
    func copy(of path: String, sha256: String) async throws -> String? {
        let copy = "\(path).\(sha256.prefix(16)).gz"
        if FileManager.default.fileExists(atPath: copy) { return copy }
        let task = running[copy] ?? Task { await Self.compress(path, to: copy) ? copy : nil }
        running[copy] = task
        let made = await task.value
        running[copy] = nil
        try Task.checkCancellation()
        return made
    }

    private static func compress(_ path: String, to copy: String) async -> Bool {
        do {
            let file = try AtomicFile(path: copy, host: "")
            let arguments = ["-c", "--", path]
            let code = try await LocalTool.run(
                "gzip",
                arguments,
                writingTo: file.descriptor,
                timeout: .seconds(600)
            )
            guard code == 0 else { return false }
            try file.commit(permissions: 0o600)
            return true
        } catch {
            return false
        }
    }
}
