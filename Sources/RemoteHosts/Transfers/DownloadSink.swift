import Foundation

/// Takes apart what the download script prints: `<length>\n`, the bytes, and `<sha256>\n`.
final class DownloadSink {
    private(set) var receivedBytes: Int64 = 0
    /// The length that was announced; nil until then.
    private(set) var announcedBytes: Int64?

    private let file: AtomicFile
    private let report: (Int64, Int64) -> Void
    private var header: [UInt8] = []
    private var trailer: [UInt8] = []
    private var digest = SHA256()

    init(file: AtomicFile, report: @escaping (Int64, Int64) -> Void) {
        self.file = file
        self.report = report
    }

    func consume(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        if announcedBytes == nil {
            guard let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                header.append(contentsOf: rest.prefix(64 - header.count))
                return
            }
            header.append(contentsOf: rest[..<lineEnd].prefix(64 - header.count))
            announcedBytes = Int64(String(decoding: header, as: UTF8.self)) ?? 0
            rest = UnsafeRawBufferPointer(rebasing: rest[(lineEnd + 1)...])
        }
        let total = announcedBytes ?? 0
        let content = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(min(total - receivedBytes, Int64(rest.count)))))
        if !content.isEmpty {
            digest.update(content)
            try file.append(content)
            receivedBytes += Int64(content.count)
            report(receivedBytes, total)
        }
        trailer.append(contentsOf: rest.dropFirst(content.count).prefix(max(0, 128 - trailer.count)))
    }

    /// Checks that everything came as it was sent; returns the SHA-256.
    func finish(host: String, path: String) throws -> String {
        guard let announcedBytes, receivedBytes == announcedBytes else {
            throw RemoteHostError(
                .transferFailed,
                host: host,
                "of \(path) came \(receivedBytes) of \(announcedBytes ?? 0) bytes: it became shorter"
            )
        }
        let found = digest.finalize().hexadecimal
        let expected = String(decoding: trailer, as: UTF8.self).condensed(to: 128)
        guard found == expected else {
            throw RemoteHostError.hashMismatch(host: host, path: path, expected: expected, found: found)
        }
        return found
    }
}
