import Foundation
import Subprocess

/// This machine, used as a host without SSH: for the lab, and for measuring from where one sits.
public struct LocalHost: RemoteHost {
    /// What the user calls this host.
    public let name: String
    private let homeDirectory: String

    /// Makes a host of this machine; relative paths are relative to `homeDirectory`, the user's own unless given.
    public init(name: String, homeDirectory: String? = nil) {
        self.name = name
        self.homeDirectory = homeDirectory ?? NSHomeDirectory()
    }

    /// Says that there is nothing to connect to.
    public func connect() async throws -> ConnectionFacts {
        ConnectionFacts(
            name: name,
            address: "127.0.0.1",
            port: 0,
            user: NSUserName(),
            hostKeyType: "",
            hostKeyFingerprint: "",
            trust: .thisMachine,
            authentication: "none needed",
            library: "none",
            serverBanner: "",
            warnings: []
        )
    }

    /// Runs a script as a child process, which ends with all its children when it is given up.
    public func run(_ command: RemoteCommand) async throws -> CommandResult {
        try command.validate(host: name)
        do {
            return try await LocalTool.run(
                "/bin/sh",
                ["-c", command.script, "sh"] + command.arguments,
                input: command.input,
                outputLimitBytes: command.outputLimitBytes,
                workingDirectory: homeDirectory,
                timeout: command.timeout
            )
        } catch let error as RemoteHostError {
            throw RemoteHostError(error.code, host: name, "'\(command.summary)' took longer than \(command.timeout)")
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            guard error.code == .outputLimitExceeded else {
                throw RemoteHostError(.commandNotRun, host: name, "'\(command.summary)' could not be run", cause: error)
            }
            throw RemoteHostError.outputTooLong(host: name, command)
        }
    }

    /// Copies a file on this machine.
    public func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        let outcome = try await copy(
            file.localPath,
            to: absolute(file.remotePath),
            permissions: file.permissions,
            makesDirectory: true,
            limitBytes: .max,
            expected: file.sha256,
            progress
        )
        return outcome
    }

    /// Copies a file on this machine.
    public func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await copy(
            absolute(path),
            to: localPath,
            permissions: 0o644,
            makesDirectory: false,
            limitBytes: limitBytes,
            expected: nil,
            progress
        )
    }

    /// Does nothing: there is no connection.
    public func close() async {}

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : homeDirectory + "/" + path
    }

    @concurrent
    private func copy(
        _ source: String,
        to destination: String,
        permissions: UInt16,
        makesDirectory: Bool,
        limitBytes: Int64,
        expected: String?,
        _ progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        let start = ContinuousClock.now
        let reader = try FileSource(path: source, host: name) { _ in }
        guard reader.byteCount <= limitBytes else {
            throw RemoteHostError.fileTooLong(host: name, path: source, bytes: reader.byteCount, limitBytes: limitBytes)
        }
        if makesDirectory {
            try FileManager.default.createDirectory(
                atPath: (destination as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        let file = try AtomicFile(path: destination, host: name)
        var throttle = ProgressThrottle(progress)
        var digest = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        // What comes after the length at the start belongs to the next copy.
        while file.byteCount < reader.byteCount {
            try Task.checkCancellation()
            let room = Int(min(Int64(buffer.count), reader.byteCount - file.byteCount))
            let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
            guard count > 0 else { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(bytes)
            try file.append(bytes)
            throttle.update(file.byteCount, of: reader.byteCount)
        }
        let sha256 = digest.finalize().hexadecimal
        guard expected == nil || expected == sha256 else {
            throw RemoteHostError.hashMismatch(host: name, path: source, expected: expected ?? "", found: sha256)
        }
        try file.commit(permissions: permissions)
        return TransferOutcome(
            bytes: file.byteCount,
            sentBytes: file.byteCount,
            seconds: (ContinuousClock.now - start).inSeconds,
            sha256: sha256
        )
    }
}
