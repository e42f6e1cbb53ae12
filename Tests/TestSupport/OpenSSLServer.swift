import Foundation

/// `openssl s_server`, a TLS server that is not ours, on a free loopback port.
public final class OpenSSLServer {
    /// It did not start; what it said.
    public struct StartFailure: Error, CustomStringConvertible {
        /// What it said.
        public var description: String
    }

    /// The port on 127.0.0.1.
    public let port: Int
    private let process: Process
    /// Kept open: the server ends when its input does.
    private let input: Pipe

    /// Starts it with further options; what it says goes to the file `log`.
    public init(certificate: String, key: String, options: [String], log: String) async throws {
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = try FileHandle(forWritingTo: URL(filePath: log))
        process = Process()
        input = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key] + options
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        do {
            port = try await Self.port(in: log, of: process)
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
    }

    deinit { end() }

    /// The port that it says it listens on; ten seconds at most.
    private static func port(in log: String, of process: Process) async throws -> Int {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end, process.isRunning {
            let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
            if let line = lines.first(where: { $0.hasPrefix("ACCEPT ") }),
                let port = line.split(separator: ":").last.flatMap({ Int($0) })
            {
                return port
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw StartFailure(description: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "nothing")
    }

    /// Ends it, without waiting.
    public func end() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
