import ExperimentModel
import Foundation

/// A chronyd that never touches the machine's clock, reached by chronyc on a loopback port of its own.
struct ClockDaemon: Sendable {
    /// What it takes its time from.
    enum Source: Sendable {
        /// Its own clock, as the world's reference; serves others on this port.
        case reference(servingPort: Int)
        /// The reference of a network lab, which serves every host.
        case networkReference
        /// The world's reference.
        case server(port: Int)
        /// The reference of a network lab, at its address.
        case host(address: String)
        /// Nothing.
        case none
        /// Its own clock, without being a reference.
        case ownClock

        fileprivate var lines: [String] {
            switch self {
            case .reference(let port): ["local stratum 1", "allow 127.0.0.1", "bindaddress 127.0.0.1", "port \(port)"]
            case .networkReference: ["local stratum 1", "allow"]
            case .host(let address): ["server \(address) iburst minpoll -2 maxpoll 0", "port 0"]
            case .server(let port): ["server 127.0.0.1 port \(port) iburst minpoll -2 maxpoll 0", "port 0"]
            case .none: ["port 0"]
            case .ownClock: ["local stratum 10", "port 0"]
            }
        }
    }

    private static let attempts = 3

    /// The port where it answers chronyc.
    let commandPort: Int
    /// The process.
    let process: GuardedProcess

    /// Starts a daemon and returns once it answers; it may not be synchronised yet.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - folder: an existing folder of the world's directory.
    ///   - place: loopback, or the host's namespace.
    ///   - makeSource: called again for each attempt, since ports may turn out to be taken.
    /// - Throws: `LabError` `notReady` with the end of its log.
    static func start(
        _ name: String,
        in directory: LabDirectory,
        folder: String,
        place: ServerPlace = .loopback,
        _ makeSource: () throws -> Source
    ) async throws -> (daemon: Self, source: Source) {
        let chronyd = try Tool("chronyd", package: (apt: "chrony", brew: "chrony"))
        let chronyc = try Tool("chronyc", package: (apt: "chrony", brew: "chrony"))
        let log = directory.path("\(folder)/chronyd.log")
        // As root it would give its rights to another user, who cannot read the world's directory.
        let rights = try UserAccount.current().isRoot ? ["-u", "root"] : []
        for _ in 0..<attempts {
            let source = try makeSource()
            let commandPort = try place.port(323, .udp)
            let lines =
                source.lines + [
                    "cmdport \(commandPort)", "bindcmdaddress 127.0.0.1", "bindcmdaddress /",
                    // In the current directory: chronyd takes no path with a blank.
                    "pidfile chronyd.pid",
                ]
            try directory.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/chronyd.conf")
            let command = place.wrap(
                chronyd.path,
                ["-x", "-U", "-d"] + rights + ["-f", directory.path("\(folder)/chronyd.conf")]
            )
            let process = try GuardedProcess(
                command.executable,
                command.arguments,
                folder: directory.path(folder),
                environment: UserAccount.environment,
                log: log
            )
            let question = place.wrap(chronyc.path, ["-h", "127.0.0.1", "-p", "\(commandPort)", "-c", "tracking"])
            let asker = Tool(absolutePath: question.executable)
            let isReady = try await Readiness.wait {
                let answers = try await asker.outcome(of: question.arguments).isSuccess
                return answers || !process.isRunning
            }
            if isReady, process.isRunning { return (Self(commandPort: commandPort, process: process), source) }
            process.stop()
        }
        throw LabError(.notReady, "\(name) did not come up: \(Readiness.lastWords(log))")
    }
}
