import CSockets
import Foundation

/// Ports of 127.0.0.1 that nobody has at the moment, for servers that cannot choose one themselves.
enum LoopbackPort {
    /// What a port is for.
    enum Kind {
        case tcp
        case udp
    }

    /// A port that was free a moment ago; another process may take it before its server does, so be ready to try another.
    ///
    /// - Throws: `LabError` `system` when there is none.
    static func free(_ kind: Kind) throws -> Int {
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
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard code == 0 else {
            throw LabError(.system, "no free port on 127.0.0.1: \(String(cString: strerror(errno)))")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
