import WireTransport

/// Where a host's servers run: on this machine's loopback, or in a namespace of their own with the usual ports.
enum ServerPlace: Sendable {
    /// Loopback, on ports that are free.
    case loopback
    /// A host of the network lab.
    case namespace(NetworkNamespace, ip: Tool)

    /// The address that sshd listens on.
    var listenAddress: String {
        switch self {
        case .loopback: "127.0.0.1"
        case .namespace: "0.0.0.0"
        }
    }

    /// The usual port, or a free one where the usual one is not the lab's to take.
    func port(_ usual: Int, _ kind: LoopbackPort.Kind) throws -> Int {
        switch self {
        case .loopback: try LoopbackPort.free(kind)
        case .namespace: usual
        }
    }

    /// The command that runs a program in this place.
    func wrap(_ executable: String, _ arguments: [String]) -> (executable: String, arguments: [String]) {
        switch self {
        case .loopback: (executable, arguments)
        case .namespace(let namespace, let ip): namespace.wrap(executable, arguments, ip: ip)
        }
    }

    /// Listens for TCP connections: on a free loopback port, or on all addresses of the namespace that the thread is
    /// in.
    func listen(usualPort: Int) throws -> ListeningSocket {
        switch self {
        case .loopback: try ListeningSocket(host: "127.0.0.1", port: 0)
        case .namespace: try ListeningSocket(host: "0.0.0.0", port: usualPort)
        }
    }
}
