/// What stands between this machine and a host: a program whose input and output lead to the host's SSH server.
///
/// The session itself is libssh2's, end to end: whoever stands in between sees ciphertext only, and the host's own key
/// is verified here as ever.
public enum SSHProxy: Sendable, Equatable {
    /// Other hosts, one after the other, as `ssh -J` takes them; `configurationFile` is what `ssh -F` gets.
    case jump(String, configurationFile: String?)
    /// A command of the user's own configuration, for `/bin/sh`, with OpenSSH's `%h`, `%p`, `%r` and `%n`.
    case command(String)

    /// How the proxy is called in messages.
    var summary: String {
        switch self {
        case .jump(let hosts, _): "through \(hosts)"
        case .command(let command): "through '\(command.condensed(to: 80))'"
        }
    }

    /// The program's arguments, its name first.
    ///
    /// Throws `invalidArgument` for a jump host that could pass for an option.
    func arguments(for target: SSHTarget, host: String) throws -> [String] {
        switch self {
        case .jump(let hosts, let configurationFile):
            var jumps = hosts.split(separator: ",").map(String.init)
            guard let last = jumps.popLast() else {
                throw RemoteHostError(.invalidArgument, host: host, "ProxyJump names no host")
            }
            let way = try Self.destination(of: last, host: host)
            // Strict, as latexp itself is; and nobody could answer a question, since the program has no terminal.
            var arguments = [
                "ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=15",
            ]
            if let configurationFile { arguments += ["-F", configurationFile] }
            if !jumps.isEmpty { arguments += ["-J", jumps.joined(separator: ",")] }
            if let user = way.user { arguments += ["-l", user] }
            if let port = way.port { arguments += ["-p", String(port)] }
            let address = target.address.contains(":") ? "[\(target.address)]" : target.address
            return arguments + ["-W", "\(address):\(target.port)", "--", way.address]
        case .command(let command):
            return ["/bin/sh", "-c", "exec " + Self.expand(command, target)]
        }
    }

    /// A jump host's place, as `ssh -J` takes it.
    static func destination(of jump: String, host: String) throws -> SSHDestination {
        try SSHDestination(jump.hasPrefix("ssh://") ? String(jump.dropFirst(6)) : jump, host: host)
    }

    /// OpenSSH's percent signs that a proxy command may hold.
    private static func expand(_ command: String, _ target: SSHTarget) -> String {
        var text = ""
        var rest = command[...]
        while let percent = rest.firstIndex(of: "%") {
            text += rest[..<percent]
            let sign = rest[rest.index(after: percent)...].first
            switch sign {
            case "h", "n": text += target.address
            case "p": text += String(target.port)
            case "r": text += target.user
            case "%": text += "%"
            default: text += "%" + (sign.map(String.init) ?? "")
            }
            rest = rest[percent...].dropFirst(sign == nil ? 1 : 2)
        }
        return text + rest
    }
}
