import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads small files whole.
enum WholeFile {
    /// What a file holds.
    ///
    /// - Parameter what: what it is, for the message.
    /// - Throws: `AgentError` `badPlan` with the system's reason when it cannot be read.
    static func data(_ path: String, what: String) throws -> Data {
        // Foundation's error does not tell a folder from a file without permission.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var octet: UInt8 = 0
        let count = descriptor >= 0 ? read(descriptor, &octet, 1) : -1
        let code = errno
        if descriptor >= 0 { close(descriptor) }
        guard count >= 0, let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw AgentError(.badPlan, "\(what) \(path) cannot be read: \(systemMessage(code))")
        }
        return data
    }
}
