/// A machine on which commands run and to which files go.
///
/// A host connects by itself when it is first needed, and again with the next call after a loss; it never reconnects
/// behind the caller's back. Relative paths are relative to the login directory. Calls on one host are done one
/// after the other: for work in parallel on one machine, make a second host.
public protocol RemoteHost: Sendable {
    /// What the user calls this host; it begins every error message.
    var name: String { get }

    /// Connects and authenticates, unless that is done already, and says with whom and why that is trusted.
    func connect() async throws -> ConnectionFacts

    /// Runs a POSIX shell script to its end.
    ///
    /// A command that fails is a value: its exit code is in the result. A lost connection, a time limit that passed and
    /// output beyond the limit throw ``RemoteHostError``; cancellation throws `CancellationError`.
    func run(_ command: RemoteCommand) async throws -> CommandResult

    /// Copies a local file to the host; under its final name there is the whole, verified file or what was there
    /// before.
    ///
    /// `progress` is called a few times a second, on a thread of the host's.
    func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome

    /// Copies a file from the host; under `localPath` there is the whole, verified file or what was there before.
    ///
    /// Of a file that grows meanwhile, what was there at the start is copied. A file longer than `limitBytes` is
    /// refused before anything is written.
    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome

    /// Ends the connection; the next call makes a new one.
    func close() async
}

extension RemoteHost {
    /// Runs a script with arguments, with the default limits.
    public func run(_ script: String, _ arguments: String...) async throws -> CommandResult {
        try await run(RemoteCommand(script, arguments: arguments))
    }

    /// Copies a local file to the host without reporting progress.
    public func upload(_ file: UploadFile) async throws -> TransferOutcome {
        try await upload(file, progress: nil)
    }

    /// Copies a file from the host without reporting progress.
    public func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64
    ) async throws -> TransferOutcome {
        try await download(path, to: localPath, limitBytes: limitBytes, progress: nil)
    }
}
