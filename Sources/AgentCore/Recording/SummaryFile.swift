import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes `summary.json` by renaming a whole file into place.
enum SummaryFile {
    static func write(_ summary: AgentSummary, directory: String, encoder: JSONEncoder) {
        let target = "\(directory)/summary.json"
        guard let bytes = try? encoder.encode(summary) else { return }
        do {
            try bytes.write(to: URL(filePath: target), options: .atomic)
        } catch {
            // The disk is full, or the folder gone: the exit status and the missing file tell.
            return
        }
    }
}

/// Reads the run's secret.
enum SecretFile {
    /// The secret in a file of hexadecimal digits that only its owner may read.
    ///
    /// - Throws: `AgentError` `badPlan` when the file is missing, readable by others, or no secret.
    static func read(_ path: String) throws -> [UInt8] {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            throw AgentError(.badPlan, "the secret file \(path) is not there")
        }
        guard facts.st_mode & 0o077 == 0 else {
            throw AgentError(.badPlan, "the secret file \(path) is open to others: chmod 600 \(path)")
        }
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1_024 else {
            throw AgentError(.badPlan, "the secret file \(path) cannot be read")
        }
        let digits = data.filter { !($0 == 10 || $0 == 13 || $0 == 32) }
        guard digits.count >= 32, digits.count % 2 == 0 else {
            throw AgentError(.badPlan, "the secret file \(path) must hold at least 32 hexadecimal digits")
        }
        var secret: [UInt8] = []
        for index in stride(from: digits.startIndex, to: digits.endIndex, by: 2) {
            guard let octet = UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16) else {
                throw AgentError(.badPlan, "the secret file \(path) holds something else than hexadecimal digits")
            }
            secret.append(octet)
        }
        return secret
    }
}
