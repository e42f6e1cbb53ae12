import Foundation

/// Copies files over a session by commands that read or write them: faster than SFTP on a long path.
struct SSHTransfer {
    let host: String
    let options: SSHOptions
    let progress: (@Sendable (TransferProgress) -> Void)?

    /// Throughput is at most window / round trip for each session; one TCP connection to a Linux host carries less than
    /// this.
    ///
    /// What is beyond that piles up in sshd, which moves it about in memory again and again: with 16 MiB, four sessions
    /// kept two cores busy and were a third slower.
    private static let downloadWindowBytes: UInt32 = 4 << 20

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

    /// Fetches the beginning, which is all of a short file, and learns what else there is.
    func fetchBeginning(
        of download: SplitDownload,
        on session: SSHSession
    ) throws -> (DownloadCheck, isReusable: Bool) {
        let others = max(0, options.downloadSessions - 1)
        let sink = DownloadSink(
            file: download.file,
            host: host,
            path: download.path,
            limitBytes: download.limitBytes,
            begin: { download.begin(totalBytes: $0, beginningBytes: $1, sessions: others) },
            report: download.note
        )
        let threshold = others == 0 ? Int64.max : options.splitThresholdBytes
        let command = downloadCommand(
            TransferScripts.download,
            [
                TransferScripts.safePath(download.path), String(download.limitBytes), String(threshold),
                String(others + 1),
            ],
            download
        )
        let (result, isReusable) = try run(command, on: session, deliver: sink.consume)
        if result.exitCode == TransferScripts.tooLongCode {
            throw RemoteHostError.fileTooLong(
                host: host,
                path: download.path,
                bytes: Int64(result.errorOutput.condensed(to: 20)) ?? 0,
                limitBytes: download.limitBytes
            )
        }
        guard result.exitCode == 0 else { throw failed(download.path, "could not be read", result) }
        return (try sink.makeCheck(), isReusable)
    }

    /// Fetches a part that nobody else has; false when there is none.
    func fetchPart(of download: SplitDownload, on session: SSHSession) throws -> (Bool, isReusable: Bool) {
        var isReusable = true
        let found = try download.fetchNext { part in
            let sink = PartSink(part, of: download)
            let unit = SplitDownload.unitBytes
            let units = (part.count + unit - 1) / unit
            let command = downloadCommand(
                TransferScripts.part,
                [TransferScripts.safePath(download.path), String(part.offset / unit), String(units)],
                download
            )
            do {
                let result: CommandResult
                (result, isReusable) = try run(command, on: session, deliver: sink.consume)
                guard result.exitCode == 0, sink.receivedBytes == part.count else {
                    throw failed(download.path, "could not be read from byte \(part.offset) on", result)
                }
            } catch {
                download.note(-sink.receivedBytes)
                throw error
            }
        }
        return (found, isReusable)
    }

    private func run(
        _ command: RemoteCommand,
        on session: SSHSession,
        deliver: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (CommandResult, isReusable: Bool) {
        try SSHCommand(host: host, command: command, windowBytes: Self.downloadWindowBytes)
            .run(on: session, input: MemorySource([]), deliver: deliver)
    }

    private func downloadCommand(_ script: String, _ arguments: [String], _ download: SplitDownload) -> RemoteCommand {
        RemoteCommand(
            script,
            arguments: arguments,
            outputLimitBytes: 1 << 14,
            // A connection that is dead is noticed sooner; this is for one that creeps.
            timeout: .seconds(120) + .milliseconds(min(download.limitBytes, 1 << 40) / 100)
        )
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
