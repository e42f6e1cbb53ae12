import RemoteHosts

/// A host whose connection outlives the runs that use it: they may end theirs, this one stays.
struct KeptHost: RemoteHost {
    let host: any RemoteHost

    var name: String { host.name }

    func connect() async throws -> ConnectionFacts { try await host.connect() }

    func run(_ command: RemoteCommand) async throws -> CommandResult { try await host.run(command) }

    func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await host.upload(file, progress: progress)
    }

    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await host.download(path, to: localPath, limitBytes: limitBytes, progress: progress)
    }

    func close() async {}
}
