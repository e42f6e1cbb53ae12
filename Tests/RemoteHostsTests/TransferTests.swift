import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RemoteHosts

@Suite(.serialized, .timeLimit(.minutes(1))) struct TransferTests {
    @Test("Twenty megabytes go up and come back", arguments: [UploadFile.Compression.automatic, .none])
    func roundTrip(compression: UploadFile.Compression) async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            // Half of it can be compressed.
            let bytes = noise(10 << 20) + [UInt8](repeating: 7, count: 10 << 20)
            let local = try TemporaryFile(bytes)
            let path = server.directory + "/new dir/it's here/agent"
            let upload = UploadFile(
                localPath: local.path,
                remotePath: path,
                permissions: 0o755,
                compression: compression
            )
            let reports = Mutex<[TransferProgress]>([])
            let sent = try await host.upload(upload) { progress in reports.withLock { $0.append(progress) } }
            #expect(sent.bytes == 20 << 20 && sent.sha256 == SHA256.hash(bytes).hexadecimal && sent.seconds > 0)
            #expect(compression == .none ? sent.sentBytes == sent.bytes : sent.sentBytes < 11 << 20)
            let sentLast = reports.withLock { $0.last }
            #expect(sentLast == TransferProgress(completedBytes: sent.sentBytes, totalBytes: sent.sentBytes))
            #expect(try attributes(path) == 0o755 && attributes(server.directory + "/new dir") == 0o700)

            let back = local.directory.path + "/back"
            let received = try await host.download(path, to: back, limitBytes: 20 << 20) { progress in
                reports.withLock { $0.append(progress) }
            }
            #expect(received.sha256 == sent.sha256 && received.bytes == sent.bytes)
            #expect(FileManager.default.contents(atPath: back) == Data(bytes))
            let receivedLast = reports.withLock { $0.last }
            #expect(receivedLast == TransferProgress(completedBytes: 20 << 20, totalBytes: 20 << 20))
            #expect(local.directory.names.allSatisfy { !$0.contains(".tmp.") })
        }
    }

    private func attributes(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("Files of every odd length survive", arguments: [0, 1, 65_535, 65_536, 65_537, 300_001])
    func lengths(count: Int) async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let local = try TemporaryFile(noise(count))
            let path = server.directory + "/file"
            _ = try await host.upload(UploadFile(localPath: local.path, remotePath: path))
            let received = try await host.download(path, to: local.path + ".back", limitBytes: Int64(count))
            #expect(received.bytes == Int64(count))
            #expect(FileManager.default.contents(atPath: local.path + ".back") == Data(noise(count)))
        }
    }

    @Test func aTruncatedTargetIsReplacedAndRelativePathsAreTheLoginDirectorys() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let bytes = noise(200_000)
            let local = try TemporaryFile(bytes, name: "agent")
            let name = ".latexp-test-" + String(UInt64.random(in: .min ... .max), radix: 36)
            let start = try await host.run("mkdir \"$1\" && printf half >\"$1/agent\" && pwd", name)
            let home = start.output.trimmingCharacters(in: .newlines)
            defer { try? FileManager.default.removeItem(atPath: home + "/" + name) }
            _ = try await host.upload(UploadFile(localPath: local.path, remotePath: name + "/agent"))
            #expect(FileManager.default.contents(atPath: "\(home)/\(name)/agent") == Data(bytes))
        }
    }

    @Test func aFileThatIsNotWhatItShouldBeNeverGetsItsName() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let local = try TemporaryFile(noise(100_000))
            let path = server.directory + "/remote/file"
            for compression in [UploadFile.Compression.automatic, .none] {
                var upload = UploadFile(localPath: local.path, remotePath: path, compression: compression)
                upload.sha256 = String(repeating: "0", count: 64)
                let error = try await hostError { try await host.upload(upload) }
                #expect(error.code == .hashMismatch && error.message.contains(SHA256.hash(noise(100_000)).hexadecimal))
                #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory + "/remote") == [])
            }
            let damaged = UploadFile(
                localPath: local.path,
                remotePath: path,
                compression: .precompressed(path: local.path)
            )
            #expect(try await hostError { try await host.upload(damaged) }.code == .transferFailed)
            let directory = UploadFile(localPath: local.path, remotePath: server.directory + "/remote")
            #expect(try await hostError { try await host.upload(directory) }.message.contains("is a directory"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory + "/remote") == [])
        }
    }

    @Test func aDamagedCompressedCopyIsMadeAnew() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let local = try TemporaryFile(noise(100_000))
            let upload = UploadFile(localPath: local.path, remotePath: server.directory + "/file")
            _ = try await host.upload(upload)
            #expect(!local.directory.names.contains { $0.hasSuffix(".gz") }, "nothing appears beside the file")
            let folder = try #require(CompressedCopies.folder())
            let hash = try await SSHServerTools.output("sha256sum", [local.path]).prefix(16)
            let copies = try FileManager.default.contentsOfDirectory(atPath: folder)
            let copy = folder + "/" + (try #require(copies.first { $0.hasSuffix("\(hash).gz") }))
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try Data("rubbish".utf8).write(to: URL(fileURLWithPath: copy))
            #expect(try await hostError { try await host.upload(upload) }.code == .transferFailed)
            #expect(try await host.upload(upload).bytes == 100_000)
        }
    }

    @Test func aLostUploadLeavesTheOldFileAndNoHalfOne() async throws {
        try await SSHServer.with { server in
            let local = try TemporaryFile(noise(30 << 20))
            let path = server.directory + "/remote/file"
            let host = try server.host()
            _ = try await host.run("mkdir \"$1\" && echo old >\"$1/file\"", server.directory + "/remote")
            let upload = UploadFile(localPath: local.path, remotePath: path, compression: .none)
            let task = Task {
                try await host.upload(upload) { progress in
                    if progress.completedBytes > 1 << 20 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old\n")
            // The remote shell notices the end of its input a moment later, and cleans up.
            for _ in 0..<1000 {
                if try FileManager.default.contentsOfDirectory(atPath: server.directory + "/remote") == ["file"] {
                    return
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("left: \(try FileManager.default.contentsOfDirectory(atPath: server.directory + "/remote"))")
        }
    }

    @Test func aServerThatIsKilledInTheMiddleOfAnUploadGetsItWholeAfterItsReturnAndNoPartStays() async throws {
        try await SSHServer.with { server in
            let bytes = noise(30 << 20)
            let local = try TemporaryFile(bytes)
            let path = server.directory + "/remote/file"
            let host = RetryingHost(try server.host(), backoff: .milliseconds(100))
            let (middle, reached) = AsyncStream.makeStream(of: Void.self)
            let upload = UploadFile(localPath: local.path, remotePath: path, compression: .none)
            let isHalfWay = Mutex(false)
            let killed = DispatchSemaphore(value: 0)
            async let sent = host.upload(upload) { progress in
                // On the host's own thread, which may wait: nothing more is sent until the server is gone.
                let isFirst = isHalfWay.withLock { half in
                    defer { half = half || progress.completedBytes > 4 << 20 }
                    return !half && progress.completedBytes > 4 << 20
                }
                guard isFirst else { return }
                reached.finish()
                killed.wait()
            }
            for await _ in middle {}
            // With it dies the shell that would have cleaned up.
            try await server.kill()
            killed.signal()
            #expect(!FileManager.default.fileExists(atPath: path))
            try await server.start()
            #expect(try await sent.bytes == 30 << 20)
            #expect(FileManager.default.contents(atPath: path) == Data(bytes))
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory + "/remote") == ["file"])
        }
    }

    @Test func whatCannotBeDownloadedLeavesNothingBehind() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let back = try TemporaryDirectory()
            try Data(noise(1000)).write(to: URL(fileURLWithPath: server.directory + "/file"))
            try Data("mine".utf8).write(to: URL(fileURLWithPath: back.path + "/file"))
            for (path, limit, part) in [
                (server.directory + "/missing", 1000, "is no file"), (server.directory, 1000, "is no file"),
                (server.directory + "/file", 999, "limit of 999"),
            ] as [(String, Int64, String)] {
                let error = try await hostError {
                    try await host.download(path, to: back.path + "/file", limitBytes: limit)
                }
                #expect(error.code == .transferFailed && error.message.contains(part) && error.message.contains(path))
            }
            #expect(
                back.names == ["file"] && FileManager.default.contents(atPath: back.path + "/file") == Data("mine".utf8)
            )
            let nowhere = try await hostError {
                try await host.download(server.directory + "/file", to: back.path + "/no/dir", limitBytes: 1000)
            }
            #expect(nowhere.code == .localFile)
            #expect(try await host.run("echo next").output == "next\n")
        }
    }

    @Test func aFileThatIsCutShortOrAlteredOnItsWayIsNoticed() throws {
        let directory = try TemporaryDirectory()
        let good = SHA256.hash(Array("hello".utf8)).hexadecimal
        for (text, code) in [
            ("5 5\nhello\(good)\n", nil), ("5 5\nhell", .transferFailed), ("6 6\nhello\(good)\n", .hashMismatch),
            ("", .transferFailed), ("5 5\nhallo\(good)\n", .hashMismatch), ("5 5\nhello", .hashMismatch),
            ("x\nhello", .transferFailed), ("5\nhello", .transferFailed), ("5 6\nhello", .transferFailed),
            ("5 -1\nhello", .transferFailed), ("11 11\nhello world\(good)\n", .transferFailed),
        ] as [(String, RemoteHostError.Code?)] {
            let file = try AtomicFile(path: directory.path + "/file", host: "tokyo")
            let sink = DownloadSink(file: file, host: "tokyo", path: "file", limitBytes: 10)
            do {
                for byte in text.utf8 { try withUnsafeBytes(of: byte) { try sink.consume($0) } }
                #expect(try sink.makeCheck().verify() == good && code == nil, "\(text)")
            } catch let error as RemoteHostError {
                #expect(error.code == code, "\(text)")
            }
        }
        #expect(directory.names.isEmpty)
    }
}
