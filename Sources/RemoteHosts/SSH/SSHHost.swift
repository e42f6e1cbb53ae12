import Foundation

/// A host reached over SSH by libssh2: one session, one thread, one command at a time.
///
/// The actor runs on a thread of its own, on which `poll` may block without starving anybody. A command that is
/// cancelled, runs into a limit or loses its connection takes the session with it; the next call makes a new one.
public actor SSHHost: RemoteHost {
    /// What the user calls this host.
    public nonisolated let name: String
    /// Where the host is and whom to be there.
    public nonisolated let target: SSHTarget

    nonisolated let executor: SSHThreadExecutor
    private let options: SSHOptions
    private let wake: WakePipe
    private var connection: (session: SSHSession, facts: ConnectionFacts)?

    /// The host's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Makes a host; nothing is connected before the first call.
    ///
    /// Throws only when this machine has no descriptors left.
    public init(name: String, target: SSHTarget, options: SSHOptions = SSHOptions()) throws {
        self.name = name
        self.target = target
        self.options = options
        self.wake = try WakePipe()
        self.executor = SSHThreadExecutor(name: "ssh \(name)")
    }

    deinit {
        executor.stop()
    }

    /// Connects, unless that is done already.
    public func connect() async throws -> ConnectionFacts {
        try await cancellable { try self.connected().facts }
    }

    /// Runs a script to its end.
    public func run(_ command: RemoteCommand) async throws -> CommandResult {
        try command.validate(host: name)
        return try await cancellable {
            try self.withSession { session in
                try SSHCommand(host: self.name, command: command, windowBytes: self.options.windowBytes).run(
                    on: session
                )
            }
        }
    }

    /// Copies a local file to the host.
    public func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        let prepared = try await PreparedUpload(file, host: name)
        return try await cancellable {
            try self.withSession { session in
                try SSHTransfer(host: self.name, options: self.options, progress: progress).upload(
                    prepared,
                    on: session
                )
            }
        }
    }

    /// Copies a file from the host; a long one in parts, over further sessions that end with the call.
    public func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        let start = ContinuousClock.now
        let download = try SplitDownload(path, to: localPath, limitBytes: limitBytes, host: name, progress: progress)
        let sha256 = try await withThrowingTaskGroup(of: Void.self) { helpers in
            helpers.addTask { await self.help(with: download) }
            let transfer = SSHTransfer(host: self.name, options: self.options, progress: nil)
            let check = try await self.cancellable {
                try self.withSession { try transfer.fetchBeginning(of: download, on: $0) }
            }
            try await self.fetchParts(of: download)
            if download.isComplete { helpers.cancelAll() }
            try await helpers.waitForAll()
            // What a helper began and lost.
            try await self.fetchParts(of: download)
            return try check.verify()
        }
        try download.file.commit(permissions: 0o644)
        let bytes = download.totalBytes
        let seconds = (ContinuousClock.now - start).inSeconds
        return TransferOutcome(bytes: bytes, sentBytes: bytes, seconds: seconds, sha256: sha256)
    }

    /// Fetches parts over further sessions, if there are any parts.
    ///
    /// A helper that cannot connect, or fails, is none: what it leaves is there for the others, and a reason that
    /// concerns them, too, they will meet themselves.
    private nonisolated func help(with download: SplitDownload) async {
        guard await download.splits.first(where: { _ in true }) != nil else { return }
        var options = options
        // Whoever typed a passphrase has done so for the first session, and need not again.
        options.passphrases = nil
        // What the first session tells of the host is enough.
        options.notice = nil
        await withTaskGroup(of: Void.self) { group in
            for _ in 1..<max(2, options.downloadSessions) {
                guard let helper = try? SSHHost(name: name, target: target, options: options) else { break }
                group.addTask {
                    try? await helper.fetchParts(of: download)
                    await helper.close()
                }
            }
            // One that is still connecting comes too late.
            for await _ in group where download.isComplete { group.cancelAll() }
        }
    }

    private func fetchParts(of download: SplitDownload) async throws {
        let transfer = SSHTransfer(host: name, options: options, progress: nil)
        try await cancellable {
            while download.hasWaiting, try self.withSession({ try transfer.fetchPart(of: download, on: $0) }) {}
        }
    }

    /// Ends the connection; the next call makes a new one.
    public func close() async {
        preconditionIsolated()
        connection?.session.disconnect()
        connection = nil
    }

    // MARK: On the host's thread

    /// Runs blocking work on this actor's thread, and wakes it when the task is cancelled.
    ///
    /// The closure must capture `self`: one that does not would silently run on the shared pool, and starve it.
    private func cancellable<Value: Sendable>(_ work: () throws -> Value) async throws -> Value {
        try await withTaskCancellationHandler {
            self.preconditionIsolated()
            try Task.checkCancellation()
            return try work()
        } onCancel: {
            wake.fire()
        }
    }

    private func connected() throws -> (session: SSHSession, facts: ConnectionFacts) {
        if let connection, !connection.session.isStale { return connection }
        connection = nil
        let opened = try SSHConnector(host: name, target: target, options: options, wake: wake).open()
        connection = opened
        return opened
    }

    /// Runs work on the session, which is thrown away unless the work says that it may be used again.
    private func withSession<Value>(_ work: (SSHSession) throws -> (Value, isReusable: Bool)) throws -> Value {
        let session = try connected().session
        var isReusable = false
        defer { if !isReusable { connection = nil } }
        let value: Value
        (value, isReusable) = try work(session)
        return value
    }
}
