import Foundation

/// Answers on standard output.
enum Answer {
    /// Prints one line of JSON at once, also into a pipe.
    static func say(_ answer: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try FileHandle.standardOutput.write(contentsOf: try encoder.encode(answer) + Data("\n".utf8))
    }
}
