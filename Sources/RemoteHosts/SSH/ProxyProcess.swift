import ChildProcesses
import Foundation

/// A program that carries an SSH connection over its standard input and output; ended with its session.
final class ProxyProcess {
    private let program: ChildProcess
    private let complaints: Int32

    /// Starts a program; returns it and our end of the connection, which the caller owns.
    static func start(_ arguments: [String], host: String) throws -> (process: ProxyProcess, socket: Int32) {
        func impossible(_ what: String, _ code: Int32) -> RemoteHostError {
            RemoteHostError(.localFile, host: host, "\(what): \(String(cString: strerror(code)))")
        }
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, stream, 0, &ends) == 0 else { throw impossible("no pair of sockets", errno) }
        defer { closeDescriptor(ends[1]) }
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0 else {
            let code = errno
            closeDescriptor(ends[0])
            throw impossible("no pipe", code)
        }
        defer { closeDescriptor(pipeEnds[1]) }
        for end in ends + pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        for end in [ends[0], pipeEnds[0]] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
        do throws(SpawnError) {
            let program = try ChildProcess(
                arguments[0],
                Array(arguments.dropFirst()),
                environment: ProcessInfo.processInfo.environment,
                input: .descriptor(ends[1]),
                output: .descriptor(ends[1]),
                errors: .descriptor(pipeEnds[1]),
                // Ctrl-C is for latexp, which still needs the way to the host to bring things home.
                company: .ownSession
            )
            return (ProxyProcess(program, complaints: pipeEnds[0]), ends[0])
        } catch {
            closeDescriptor(ends[0])
            closeDescriptor(pipeEnds[0])
            throw RemoteHostError(
                .unsupported,
                host: host,
                "the way to the host needs the program '\(arguments[0])', which cannot be started: "
                    + String(cString: strerror(error.code)),
                cause: error
            )
        }
    }

    private init(_ program: ChildProcess, complaints: Int32) {
        self.program = program
        self.complaints = complaints
    }

    deinit {
        end()
        closeDescriptor(complaints)
    }

    /// What the program has written to its standard error, cut short; empty when it is content.
    func complaint() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(complaints, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self).condensed(to: 400) : ""
    }

    /// Ends the program: its connection is closed by now, so it has nothing left to do.
    private func end() {
        for signal in [SIGTERM, SIGKILL] where !program.hasEnded {
            program.signal(signal)
            _ = program.waitForEnd(limitNs: 1_000_000_000)
        }
    }
}
