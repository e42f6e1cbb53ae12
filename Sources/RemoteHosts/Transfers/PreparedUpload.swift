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

/// Compressed copies in the user's cache, made once however many hosts want them at the same time.
actor CompressedCopies {
    static let shared = CompressedCopies()

    private var running: [String: Task<String?, Never>] = [:]

    /// The copy's path; nil when there is no gzip or no place for it: then the original can be sent as it is.
    ///
    /// The copy's name holds the original's hash, so an old copy is never taken for a new file's.
    func copy(of path: String, sha256: String) async throws -> String? {
        guard let folder = Self.folder() else { return nil }
        let copy = "\(folder)/\(URL(filePath: path).lastPathComponent).\(sha256.prefix(16)).gz"
        if FileManager.default.fileExists(atPath: copy) { return copy }
        let task = running[copy] ?? Task { await Self.compress(path, to: copy) ? copy : nil }
        running[copy] = task
        let made = await task.value
        running[copy] = nil
        try Task.checkCancellation()
        return made
    }

    /// How many copies are kept: each build of an agent makes one.
    private static let keptCopies = 8

    /// The folder of copies, made if need be; nil when it cannot be had.
    ///
    /// - Parameter environment: `XDG_CACHE_HOME` counts, as elsewhere.
    static func folder(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let folder = (cache ?? NSHomeDirectory() + "/.cache") + "/latexp/uploads"
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            return folder
        } catch {
            return nil
        }
    }

    /// Lets go of the copies that were made longest ago.
    private static func forgetOldCopies(in folder: String) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let copies = files.filter { $0.hasSuffix(".gz") }.map { "\(folder)/\($0)" }.map { path in
            let made = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            return (path: path, made: made ?? .distantPast)
        }
        for copy in copies.sorted(by: { $0.made > $1.made }).dropFirst(keptCopies) {
            try? FileManager.default.removeItem(atPath: copy.path)
        }
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
            forgetOldCopies(in: URL(filePath: copy).deletingLastPathComponent().path)
            return true
        } catch {
            return false
        }
    }
}
