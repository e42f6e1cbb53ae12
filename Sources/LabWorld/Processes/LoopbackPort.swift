import CSockets
import Foundation

/// Ports of 127.0.0.1 that nobody has at the moment, for servers that cannot choose one themselves.
enum LoopbackPort {
    /// What a port is for.
    enum Kind {
        case tcp
        case udp
    }

    /// A port that was free a moment ago; another process may take it before its server does, so be ready to try
    /// another.
    ///
    /// Below the range from which the system takes ports for outgoing connections: one of those, made between this
    /// choice and the server's start, would have the port otherwise.
    ///
    /// - Throws: `LabError` `system` when there is none.
    static func free(_ kind: Kind) throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 10_240..<firstOutgoingPort)
            if try isFree(port, kind) { return port }
        }
        throw LabError(.system, "no free port on 127.0.0.1 between 10240 and \(firstOutgoingPort)")
    }

    /// Where the range of outgoing connections begins: what Linux says, else the least that any system uses.
    private static let firstOutgoingPort: Int = {
        let range = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        let first = range?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
        return first > 12_000 ? min(first, 65_536) : 32_768
    }()

    private static func isFree(_ port: Int, _ kind: Kind) throws -> Bool {
        #if os(Linux)
            let type = Int32((kind == .tcp ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        #else
            let type = kind == .tcp ? SOCK_STREAM : SOCK_DGRAM
        #endif
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else {
            throw LabError(.system, "cannot open a socket: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
