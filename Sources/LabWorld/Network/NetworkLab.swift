import ExperimentModel
import Foundation

/// A network lab that is up: exchange, Tokyo, Frankfurt and laptop as hosts of their own, joined by links for packets.
public final class NetworkLab: Sendable {
    /// What is brought up.
    public enum Parts: Sendable {
        /// Everything that `latexp` needs.
        case all
        /// No laptop, no sshd and no chronyd: whoever starts agents there does so by hand.
        case exchangeAndLinks
    }

    /// What the laptop must know of it.
    public let description: LabDescription
    /// The file with the hosts, as experiments refer to it.
    public let inventoryFile: String
    /// The exchange.
    public let exchange: Exchange
    /// What is known of each event.
    public let truth: TruthRecorder
    /// The links by name.
    public let links: [PacketLink]
    /// Each host's namespace by name, as `ip netns` knows it.
    public let namespaces: [String: String]
    private let directory: LabDirectory

    /// Brings a network lab up, calls `body`, and takes it down again, whatever happens.
    ///
    /// Needs root on Linux.
    ///
    /// - Parameters:
    ///   - request: what world; its receiver's port is always 8080.
    ///   - path: its directory; made if it is not there, and closed to other users.
    ///   - name: what the namespaces' names begin with; nil takes one that no other lab has.
    ///   - parts: what is brought up.
    ///   - isEven: whether the exchange's events are equally far apart, and not in bursts.
    ///   - body: what to do while it is up.
    /// - Throws: `LabError` when a part cannot be brought up, or what `body` throws.
    public static func run<Result: Sendable>(
        _ request: LabRequest,
        directory path: String,
        name: String? = nil,
        parts: Parts = .all,
        isEven: Bool = false,
        _ body: (NetworkLab) async throws -> Result
    ) async throws -> Result {
        #if os(Linux)
            guard getuid() == 0 else {
                throw LabError(.system, "the network lab makes network namespaces, which needs root: run it with sudo")
            }
            let directory = try LabDirectory(path)
            let sweep = try directory.makeSweep(keepsFiles: false)
            let builder = try NetworkLabBuilder(request, directory, name: name ?? "latexp-\(getpid())")
            defer {
                builder.takeDown()
                sweep.run()
            }
            return try await body(try await builder.build(parts, isEven: isEven))
        #else
            throw LabError(.system, "the network lab needs Linux: it is made of network namespaces")
        #endif
    }

    init(
        _ description: LabDescription,
        exchange: Exchange,
        truth: TruthRecorder,
        links: [PacketLink],
        namespaces: [String: String],
        directory: LabDirectory
    ) throws {
        self.description = description
        self.exchange = exchange
        self.truth = truth
        self.links = links
        self.namespaces = namespaces
        self.directory = directory
        inventoryFile = directory.path("hosts.json")
        try directory.writeJSON(description, to: "lab.json")
        try directory.writeJSON(description.hosts, to: "hosts.json")
        try directory.writeJSON(namespaces, to: "namespaces.json")
    }

    /// The link of that name.
    ///
    /// - Throws: `LabError` `specification` that lists the names.
    public func link(_ name: String) throws -> PacketLink {
        guard let link = links.first(where: { $0.name == name }) else {
            let names = links.map(\.name).joined(separator: ", ")
            throw LabError(.specification, "there is no link '\(name)'; there are \(names)")
        }
        return link
    }

    /// Writes what is known of each event so far to the truth file.
    ///
    /// - Returns: the number of events.
    /// - Throws: `LabError` `directory`.
    public func writeTruth() throws -> Int {
        try directory.writeTruth(truth.truths)
    }
}
