import Foundation
import Testing

/// Recorded messages, where this machine has them: they are not part of the repository.
enum Captures {
    /// `captures` in a folder `shared` beside the repository, or where `LATEXP_CAPTURES` says.
    static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["LATEXP_CAPTURES"].map { URL(filePath: $0) }
        let folder = named ?? root.deletingLastPathComponent().appending(path: "shared/captures")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    static let files = ["spot_btcusdt_20230405.dat.gz", "usdm_btcusdt_20240719.gz"]

    /// The messages of a capture: a line holds the local time, a blank and the message.
    static func messages(_ file: URL) throws -> [[UInt8]] {
        let gzip = Process()
        gzip.executableURL = URL(filePath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc", file.path]
        let output = Pipe()
        gzip.standardOutput = output
        try gzip.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        gzip.waitUntilExit()
        try #require(gzip.terminationStatus == 0, "install gzip to read \(file.path)")
        return data.split(separator: UInt8(ascii: "\n")).map { line in
            let start = line.firstIndex(of: UInt8(ascii: " ")).map { $0 + 1 } ?? line.startIndex
            return Array(line[start...])
        }
    }
}
