import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RemoteHosts

/// Files that come over several sessions, from a server whose tools do something at the right moment.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SplitDownloadTests {
    private let bytes = noise(12_345_678)

    /// Downloads a file from a server on which `tools`, by name, stand in for the real ones.
    ///
    /// A tool finds `$here`, a directory for its notes; `$server`, the server's; `$session`, its session's sshd; and
    /// `real`, which runs the real tool.
    private func download(
        with tools: [String: String],
        _ judge: (_ outcome: Result<TransferOutcome, any Error>, _ local: String, _ server: SSHServer, _ notes: String)
            throws -> Void
    ) async throws {
        let here = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: here.path + "/bin", withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: here.path + "/home", withIntermediateDirectories: false)
        for (name, body) in tools {
            let text = """
                #!/bin/sh
                here=\(here.path)
                real() { PATH=${PATH#*:} \(name) "$@"; }
                note() { echo "$1" >>"$here/notes"; }
                noted() { while [ "$(grep -c "$1" "$here/notes" 2>/dev/null)" -lt "$2" ]; do sleep 0.02; done; }
                \(body)
                """
            try write(text, here.path + "/bin/" + name)
        }
        let wrapper = """
            #!/bin/sh
            export PATH="\(here.path)/bin:$PATH" session="$PPID"
            exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
            """
        try write(wrapper, here.path + "/wrapper")
        try await SSHServer.with(SSHServer.Options(configuration: ["ForceCommand \(here.path)/wrapper"])) { server in
            try server.directory.write(toFile: here.path + "/server", atomically: true, encoding: .utf8)
            try Data(bytes).write(to: URL(fileURLWithPath: server.directory + "/file"))
            var options = SSHOptions()
            options.splitThresholdBytes = 4 << 20
            let host = try server.host(options: options)
            let local = here.path + "/home/file"
            let last = Mutex<TransferProgress?>(nil)
            let outcome: Result<TransferOutcome, any Error>
            do {
                outcome = .success(
                    try await host.download(server.directory + "/file", to: local, limitBytes: 1 << 30) { progress in
                        last.withLock { $0 = progress }
                    }
                )
                let whole = TransferProgress(completedBytes: Int64(bytes.count), totalBytes: Int64(bytes.count))
                #expect(last.withLock { $0 } == whole)
            } catch {
                outcome = .failure(error)
            }
            let notes = (try? String(contentsOfFile: here.path + "/notes", encoding: .utf8)) ?? ""
            try judge(outcome, local, server, notes)
            let left = try FileManager.default.contentsOfDirectory(atPath: here.path + "/home")
            #expect(left == ((try? outcome.get()) == nil ? [] : ["file"]), "no temporary file stays")
            // The host is as usable as before.
            #expect(try await host.run("echo next").output == "next\n")
            await host.close()
        }
    }

    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func expectWhole(_ outcome: Result<TransferOutcome, any Error>, _ local: String) throws {
        let found = try outcome.get()
        #expect(found.bytes == Int64(bytes.count) && found.sha256 == SHA256.hash(bytes).hexadecimal)
        #expect(FileManager.default.contents(atPath: local) == Data(bytes))
    }

    private func logins(_ server: SSHServer) -> Int {
        server.log().components(separatedBy: "Accepted publickey").count - 1
    }

    /// The first session's last act, the hash, waits until the three others have begun their parts.
    private let patientHash = "noted begun 3; real"

    @Test func fourSessionsFetchALongFileTogether() async throws {
        let tools = ["dd": "note \"begun $3\"; noted begun 3; real \"$@\"", "sha256sum": patientHash]
        try await download(with: tools) { outcome, local, server, notes in
            try expectWhole(outcome, local)
            #expect(logins(server) == 4)
            // 12,345,678 bytes: 3 MiB first, then parts of 3 MiB, the last one shorter.
            #expect(Set(notes.split(separator: "\n")) == ["begun skip=3", "begun skip=6", "begun skip=9"])
        }
    }

    @Test func aPartThatIsCutInItsMiddleIsFetchedAgainBySomebodyElse() async throws {
        let dd = """
            note "begun $3"
            noted begun 3
            mkdir "$here/once" 2>/dev/null || { real "$@"; exit; }
            real "$@" | { head -c 200000; kill -KILL "$session"; }
            note cut
            """
        try await download(with: ["dd": dd, "sha256sum": patientHash + "\nnoted cut 1"]) {
            outcome,
            local,
            server,
            notes in
            try expectWhole(outcome, local)
            #expect(logins(server) == 4)
            let parts = notes.split(separator: "\n").filter { $0 != "cut" }
            #expect(parts.count == 4 && Set(parts).count == 3, "one part was begun twice: \(notes)")
        }
    }

    @Test func aServerThatRefusesFurtherSessionsSendsItAllOverOne() async throws {
        // `wc` runs before the others can know of the file.
        let wc = "mv \"$(cat \"$here/server\")/authorized_keys\" \"$here/keys\"; real \"$@\""
        try await download(with: ["wc": wc, "dd": "note begun; real \"$@\""]) { outcome, local, server, notes in
            try expectWhole(outcome, local)
            #expect(logins(server) == 1 && notes == "begun\nbegun\nbegun\n")
        }
    }

    @Test func aPartThatIsDamagedOrShortNeverGetsTheFilesName() async throws {
        for (dd, code) in [
            ("real \"$@\" | tr a b", .hashMismatch), ("real \"$@\" | head -c 1000", .transferFailed),
        ] as [(String, RemoteHostError.Code)] {
            try await download(with: ["dd": dd]) { outcome, _, _, _ in
                let error = #expect(throws: RemoteHostError.self) { try outcome.get() }
                #expect(error?.code == code, "\(dd): \(String(describing: error))")
            }
        }
    }

    @Test func whatAFileGrewMeanwhileDoesNotCome() throws {
        let directory = try TemporaryDirectory()
        let download = try SplitDownload(
            "file",
            to: directory.path + "/file",
            limitBytes: 100,
            host: "tokyo",
            progress: nil
        )
        download.begin(totalBytes: 10, beginningBytes: 4, sessions: 3)
        #expect(!download.isComplete)
        let fetched = try download.fetchNext { part in
            #expect(part == SplitDownload.Part(offset: 4, count: 6))
            let sink = PartSink(part, of: download)
            for text in ["efg", "hijklm", "n"] { try Array(text.utf8).withUnsafeBytes { try sink.consume($0) } }
            #expect(sink.receivedBytes == 6)
        }
        #expect(try fetched && download.isComplete && !download.fetchNext { _ in Issue.record("no part is left") })
        try download.file.commit(permissions: 0o600)
        #expect(FileManager.default.contents(atPath: directory.path + "/file") == Data("\0\0\0\0efghij".utf8))
    }
}
