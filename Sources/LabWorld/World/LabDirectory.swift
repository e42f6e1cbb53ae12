import ExperimentModel
import Foundation

/// The directory of one world, readable to its user only.
struct LabDirectory: Sendable {
    /// Everything that a world puts there; nothing else is ever removed.
    static let entries = [
        "ca.pem", "lab.json", "hosts.json", "namespaces.json", "lab-truth.csv", "lab-truth.csv.tmp", "user_key",
        "user_key.pub", "authorized_keys", "exchange", "frankfurt", "tokyo", "clock",
    ]
    /// What is removed even when the files are kept.
    static let secrets = ["user_key", "exchange/server.key", "exchange/ca.key", "frankfurt/host_key", "tokyo/host_key"]

    /// Its absolute path.
    let path: String
    /// Whether it was made for this world, and so goes with it.
    let isOwn: Bool

    /// Makes the directory, or takes one that has no other world in it, and closes it to others.
    ///
    /// - Throws: `LabError` `directory`.
    init(_ path: String) throws {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        self.path = url.path
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        let exists = files.fileExists(atPath: url.path, isDirectory: &isDirectory)
        isOwn = !exists
        do {
            if !exists { try files.createDirectory(at: url, withIntermediateDirectories: true) }
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: url.path)
        } catch {
            throw LabError(
                .directory,
                "cannot use the directory \(url.path): \(error.localizedDescription); choose another with --directory",
                cause: error
            )
        }
        guard !exists || isDirectory.boolValue else {
            throw LabError(.directory, "\(url.path) is a file; choose a directory with --directory")
        }
        if let left = Self.entries.first(where: { files.fileExists(atPath: "\(url.path)/\($0)") }) {
            throw LabError(
                .directory,
                "\(url.path) has \(left) of another world in it; end that, or choose another directory with --directory"
            )
        }
    }

    /// The path of a file in it.
    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder in it, closed to others.
    func makeFolder(_ name: String) throws -> String {
        let folder = path(name)
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw LabError(.directory, "cannot make \(folder): \(error.localizedDescription)", cause: error)
        }
        return folder
    }

    /// Writes a file that only its user can read, complete or not at all.
    func write(_ text: String, to name: String) throws {
        let file = path(name)
        let temporary = file + ".tmp"
        let made = FileManager.default.createFile(
            atPath: temporary,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard made, rename(temporary, file) == 0 else {
            throw LabError(.directory, "cannot write \(file): \(String(cString: strerror(errno)))")
        }
    }

    /// Writes a value as JSON that a person can read.
    func writeJSON(_ value: some Encodable, to name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: name)
    }

    /// Writes the truth file and gives the number of its events.
    func writeTruth(_ truths: [LabTruth]) throws -> Int {
        var text = LabTruth.header + "\n"
        for truth in truths { text += truth.line + "\n" }
        try write(text, to: "lab-truth.csv")
        return truths.count
    }

    /// Sees to it that its files are removed in the end; of a kept world only the private keys.
    func makeSweep(keepsFiles: Bool) throws -> ExitSweep {
        try ExitSweep(
            (keepsFiles ? Self.secrets : Self.entries).map { path($0) },
            emptyDirectory: isOwn && !keepsFiles ? path : nil,
            environment: UserAccount.environment
        )
    }
}
