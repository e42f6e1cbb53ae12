import Foundation

/// Takes apart what the download script prints: `<length> <length of the beginning>\n`, the beginning, and
/// `<sha256>\n`.
///
/// The hash is the whole file's: see ``DownloadCheck``.
final class DownloadSink {
    /// The file's length and how much of it comes here; nil until they were announced.
    private(set) var announced: (totalBytes: Int64, beginningBytes: Int64)?

    private let file: AtomicFile
    private let host: String
    private let path: String
    private let limitBytes: Int64
    private let begin: (_ totalBytes: Int64, _ beginningBytes: Int64) -> Void
    private let report: (_ bytes: Int64) -> Void
    private var header: [UInt8] = []
    private var trailer: [UInt8] = []
    private var digest = SHA256()

    /// `begin` is called with what the header says, `report` with the number of bytes that came.
    init(
        file: AtomicFile,
        host: String,
        path: String,
        limitBytes: Int64,
        begin: @escaping (_ totalBytes: Int64, _ beginningBytes: Int64) -> Void = { _, _ in },
        report: @escaping (_ bytes: Int64) -> Void = { _ in }
    ) {
        self.file = file
        self.host = host
        self.path = path
        self.limitBytes = limitBytes
        self.begin = begin
        self.report = report
    }

    func consume(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        if announced == nil {
            guard let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                header.append(contentsOf: rest.prefix(64 - header.count))
                return
            }
            header.append(contentsOf: rest[..<lineEnd].prefix(64 - header.count))
            let lengths = try readHeader()
            announced = lengths
            begin(lengths.totalBytes, lengths.beginningBytes)
            rest = UnsafeRawBufferPointer(rebasing: rest[(lineEnd + 1)...])
        }
        let missing = (announced?.beginningBytes ?? 0) - file.byteCount
        let content = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(min(missing, Int64(rest.count)))))
        if !content.isEmpty {
            digest.update(content)
            try file.append(content)
            report(Int64(content.count))
        }
        trailer.append(contentsOf: rest.dropFirst(content.count).prefix(max(0, 128 - trailer.count)))
    }

    private func readHeader() throws -> (totalBytes: Int64, beginningBytes: Int64) {
        let text = String(decoding: header, as: UTF8.self)
        let lengths = text.split(separator: " ").map { Int64($0) ?? -1 }
        guard lengths.count == 2, (0...limitBytes).contains(lengths[0]), (0...lengths[0]).contains(lengths[1]) else {
            throw RemoteHostError(
                .transferFailed,
                host: host,
                "\(path) cannot be copied: instead of its length came '\(text.condensed(to: 64))'"
            )
        }
        return (lengths[0], lengths[1])
    }

    /// What the local file is to be held against when all its parts are there; throws when the beginning did not come.
    func makeCheck() throws -> DownloadCheck {
        let beginningBytes = announced?.beginningBytes ?? 0
        guard announced != nil, file.byteCount == beginningBytes else {
            throw RemoteHostError(
                .transferFailed,
                host: host,
                "of \(path) came \(file.byteCount) of \(beginningBytes) bytes: it became shorter"
            )
        }
        return DownloadCheck(
            host: host,
            path: path,
            file: file,
            hashedBytes: beginningBytes,
            digest: digest,
            expected: String(decoding: trailer, as: UTF8.self).condensed(to: 128)
        )
    }
}

/// The SHA-256 that a downloaded file must have, and what of it has been hashed already.
struct DownloadCheck: Sendable {
    let host: String
    let path: String
    let file: AtomicFile
    let hashedBytes: Int64
    let digest: SHA256
    let expected: String

    /// Hashes the rest; returns the SHA-256 when it is the right one.
    func verify() throws -> String {
        var digest = digest
        try file.read(from: hashedBytes) {
            try Task.checkCancellation()
            digest.update($0)
        }
        let found = digest.finalize().hexadecimal
        guard found == expected else {
            throw RemoteHostError.hashMismatch(host: host, path: path, expected: expected, found: found)
        }
        return found
    }
}
