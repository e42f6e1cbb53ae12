import Foundation
import Subprocess

/// The commands of OpenSSH that a test server needs, and the look at its port.
public enum SSHServerTools {
    /// Makes a key pair with `ssh-keygen`.
    public static func makeKey(
        _ type: String,
        at path: String,
        passphrase: String = "",
        options: [String] = []
    ) async throws {
        _ = try await output("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path] + options)
    }

    /// What a program prints; throws when it is missing or fails.
    public static func output(_ program: String, _ arguments: [String]) async throws -> String {
        let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            result = try await run(
                .name(program),
                arguments: Arguments(arguments),
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 16)
            )
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw SSHServerError("\(program) is missing: install openssh-client, openssh-server and procps")
        }
        guard result.terminationStatus == .exited(0) else {
            throw SSHServerError("\(program) \(arguments.joined(separator: " ")): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// The full path of a program that ordinary users may not have in their search path.
    static func find(_ program: String, package: String) throws -> String {
        let places = ["/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/opt/homebrew/sbin/"]
        guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: $0 + program) }) else {
            throw SSHServerError("\(program) is missing: install \(package)")
        }
        return place + program
    }

    /// A TCP port on 127.0.0.1 that the kernel has just found free.
    public static func freePort() throws -> Int {
        // Below the ports of outgoing connections, any of which could take it before the server does.
        for _ in 0..<200 {
            let port = UInt16.random(in: 10_240..<32_768)
            let descriptor = try loopbackSocket()
            defer { close(descriptor) }
            var address = loopbackAddress(port: port)
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return Int(port) }
        }
        throw SSHServerError("no free port: \(String(cString: strerror(errno)))")
    }

    /// Whether an SSH server says hello on a port.
    static func greets(port: Int) -> Bool {
        guard let descriptor = try? loopbackSocket() else { return false }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = loopbackAddress(port: UInt16(port))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard code == 0 else { return false }
        var greeting = [UInt8](repeating: 0, count: 4)
        return recv(descriptor, &greeting, 4, Int32(MSG_WAITALL)) == 4 && greeting == Array("SSH-".utf8)
    }

    private static func loopbackSocket() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw SSHServerError("no socket: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    private static func loopbackAddress(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
