import Foundation

/// Copies files over a session by commands that read or write them: faster than SFTP on a long path.
struct SSHTransfer {
    let host: String
    let options: SSHOptions
    let progress: (@Sendable (TransferProgress) -> Void)?

    /// Throughput is at most window / round trip: 16 MiB allow 67 MB/s at 250 ms.
    private static let downloadWindowBytes: UInt32 = 16 << 20

    func upload(_ upload: PreparedUpload, on session: SSHSession) throws -> (TransferOutcome, isReusable: Bool) {
        let file = upload.file
        let start = ContinuousClock.now
        var throttle = ProgressThrottle(progress)
        let sentBytes = try FileSource(path: upload.sentPath, host: host) { _ in }.byteCount
        let source = try FileSource(path: upload.sentPath, host: host) { throttle.update($0, of: sentBytes) }
        let command = RemoteCommand(
            TransferScripts.upload,
            arguments: [
                TransferScripts.safePath(file.remotePath), String(file.permissions & 0o7777, radix: 8), upload.sha256,
                upload.isCompressed ? "gzip" : "plain",
            ],
            outputLimitBytes: 1 << 14,
            timeout: file.timeout
        )
        let said = Collector(limitBytes: command.outputLimitBytes)
        let (result, isReusable) = try SSHCommand(host: host, command: command, windowBytes: options.windowBytes).run(
            on: session,
            input: source
        ) {
            _ = said.append($0)
        }
        let found = String(decoding: said.bytes, as: UTF8.self).condensed(to: 64)
        guard result.exitCode == 0, found == upload.sha256 else {
            forgetCompressedCopy(upload)
            guard result.exitCode != 0, result.exitCode != TransferScripts.hashMismatchCode else {
                throw RemoteHostError.hashMismatch(
                    host: host,
                    path: file.remotePath,
                    expected: upload.sha256,
                    found: found
                )
            }
            throw failed(file.remotePath, "could not be written", result)
        }
        let outcome = TransferOutcome(
            bytes: upload.byteCount,
            sentBytes: sentBytes,
            seconds: (ContinuousClock.now - start).inSeconds,
            sha256: found
        )
        return (outcome, isReusable)
    }

    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        on session: SSHSession
    ) throws -> (TransferOutcome, isReusable: Bool) {
        let start = ContinuousClock.now
        var throttle = ProgressThrottle(progress)
        let file = try AtomicFile(path: localPath, host: host)
        let sink = DownloadSink(file: file) { throttle.update($0, of: $1) }
        let command = RemoteCommand(
            TransferScripts.download,
            arguments: [TransferScripts.safePath(path), String(limitBytes)],
            outputLimitBytes: 1 << 14,
            // A connection that is dead is noticed sooner; this is for one that creeps.
            timeout: .seconds(120) + .milliseconds(min(limitBytes, 1 << 40) / 100)
        )
        let (result, isReusable) = try SSHCommand(host: host, command: command, windowBytes: Self.downloadWindowBytes)
            .run(on: session, input: MemorySource([]), deliver: sink.consume)
        if result.exitCode == TransferScripts.tooLongCode {
            throw RemoteHostError.fileTooLong(
                host: host,
                path: path,
                bytes: sink.announcedBytes ?? 0,
                limitBytes: limitBytes
            )
        }
        guard result.exitCode == 0 else { throw failed(path, "could not be read", result) }
        let sha256 = try sink.finish(host: host, path: path)
        try file.commit(permissions: 0o644)
        let outcome = TransferOutcome(
            bytes: sink.receivedBytes,
            sentBytes: sink.receivedBytes,
            seconds: (ContinuousClock.now - start).inSeconds,
            sha256: sha256
        )
        return (outcome, isReusable)
    }

    /// A damaged copy of ours would fail again and again; the next upload makes a new one.
    private func forgetCompressedCopy(_ upload: PreparedUpload) {
        guard upload.isCompressed, upload.file.compression == .automatic else { return }
        unlink(upload.sentPath)
    }

    private func failed(_ path: String, _ what: String, _ result: CommandResult) -> RemoteHostError {
        RemoteHostError(
            .transferFailed,
            host: host,
            "\(path) \(what) (status \(result.exitCode)): \(result.errorOutput.condensed(to: 300))"
        )
    }
}
