import ExperimentModel
import Foundation

/// Brings the parts of a network lab up one after the other, and takes down what is up.
final class NetworkLabBuilder {
    private typealias Host = NetworkPlan.Host

    private let request: LabRequest
    private let directory: LabDirectory
    private let plan: NetworkPlan
    private let namespaces: [Host: NetworkNamespace]
    private let ip: Tool
    private let namespaceSweep: NamespaceSweep
    private let truth = TruthRecorder()
    private var exchange: Exchange?
    private var links: [PacketLink] = []
    private var processes: [GuardedProcess] = []

    init(_ request: LabRequest, _ directory: LabDirectory, name: String) throws {
        self.request = request
        self.directory = directory
        plan = NetworkPlan(request.lab)
        ip = try Tool("ip", package: (apt: "iproute2", brew: "iproute2mac"))
        namespaces = Dictionary(
            uniqueKeysWithValues: Host.allCases.map { ($0, NetworkNamespace(name: "\(name)-\($0.rawValue)")) }
        )
        namespaceSweep = try NamespaceSweep(Array(namespaces.values), ip: ip)
    }

    func build(_ parts: NetworkLab.Parts, isEven: Bool) async throws -> NetworkLab {
        for host in Host.allCases { try await namespace(host).make(ip: ip, portRange: host.portRange) }
        // Only these ways carry market data.
        for way in plan.ways where parts == .all || way.truth != nil { try await add(way) }
        let certificates = try await Certificates.make(in: directory)
        var settings = try ExchangeSettings(request)
        settings.isEven = isEven
        let exchange = try Exchange(
            settings,
            certificateFile: certificates.certificateFile,
            keyFile: certificates.keyFile,
            observer: truth,
            place: place(.exchange)
        )
        self.exchange = exchange
        let hosts = parts == .all ? try await startHosts() : [:]
        let description = LabDescription(
            hosts: hosts,
            feedURL: "wss://\(Certificates.exchangeName)" + (request.market == .usdm ? "/public" : ""),
            caFile: certificates.authorityFile,
            receiverPort: NetworkPlan.receiverPort,
            truthFile: directory.path("lab-truth.csv")
        )
        return try NetworkLab(
            description,
            exchange: exchange,
            truth: truth,
            links: links,
            namespaces: Dictionary(uniqueKeysWithValues: namespaces.map { ($0.key.rawValue, $0.value.name) }),
            directory: directory
        )
    }

    /// Ends everything that is up; servers all at once, so that their farewells overlap.
    func takeDown() {
        for process in processes { process.beginStop() }
        for process in processes { process.stop() }
        exchange?.stop()
        for link in links { link.stop() }
        namespaceSweep.run()
    }

    private func namespace(_ host: Host) -> NetworkNamespace {
        guard let namespace = namespaces[host] else { preconditionFailure("every host has a namespace") }
        return namespace
    }

    private func place(_ host: Host) -> ServerPlace { .namespace(namespace(host), ip: ip) }

    private func add(_ way: NetworkPlan.Way) async throws {
        let near = PacketLink.End(namespace: namespace(way.near.host), address: way.near.address)
        let far = PacketLink.End(namespace: namespace(way.far.host), address: way.far.address)
        // A device's name has at most 15 octets.
        let device = "way\(links.count)"
        let truth = self.truth
        links.append(
            try PacketLink(
                way.name,
                device: device,
                near: near,
                far: far,
                settings: way.settings,
                seed: request.lab.seed,
                tracker: way.truth.map { name in { @Sendable in StreamTracker(name, observer: truth) } }
            )
        )
        try await PacketLink.configure(device: device, near: near, far: far, ip: ip)
    }

    // MARK: Hosts

    private func startHosts() async throws -> [String: HostSpecification] {
        let shell = try await SecureShell(in: directory)
        _ = try directory.makeFolder("clock")
        processes.append(
            try await ClockDaemon.start(
                "the reference clock",
                in: directory,
                folder: "clock",
                place: place(.exchange)
            ) { .networkReference }.daemon.process
        )
        var hosts: [String: HostSpecification] = [:]
        for host in [Host.frankfurt, .tokyo] { hosts[host.rawValue] = try await start(host, shell) }
        return hosts
    }

    private func start(_ host: Host, _ shell: SecureShell) async throws -> HostSpecification {
        let name = host.rawValue
        _ = try directory.makeFolder(name)
        let server = try await SecureShellServer.start(name, shell, in: directory, place: place(host))
        processes.append(server.process)
        let reference = plan.address(of: .exchange, on: "time-\(name)") ?? ""
        let clock = try await ClockDaemon.start("\(name)'s clock", in: directory, folder: name, place: place(host)) {
            .host(address: reference)
        }
        processes.append(clock.daemon.process)
        let exchangeWay = host == .tokyo ? "tokyo" : "direct"
        let exchangeAddress = plan.address(of: .exchange, on: exchangeWay) ?? ""
        return HostSpecification(
            ssh: "\(shell.account.name)@\(plan.address(of: host, on: "laptop-\(name)") ?? ""):\(server.port)",
            identityFile: shell.identityFile,
            hostKey: server.hostKey,
            privateAddress: plan.address(of: host, on: "backbone"),
            chronyc: ["-h", "127.0.0.1"],
            connectTo: ["\(Certificates.exchangeName):443": "\(exchangeAddress):443"],
            simulated: true
        )
    }
}
