import ExperimentModel
import Foundation

/// Brings the parts of a world up one after the other, and takes down what is up.
final class LabBuilder {
    private let request: LabRequest
    private let directory: LabDirectory
    private let truth = TruthRecorder()
    private var exchange: Exchange?
    private var links: [Link] = []
    private var processes: [GuardedProcess] = []

    init(_ request: LabRequest, _ directory: LabDirectory) {
        self.request = request
        self.directory = directory
    }

    func build() async throws -> Lab {
        let certificates = try await Certificates.make(in: directory)
        let exchange = try Exchange(
            ExchangeSettings(request),
            certificateFile: certificates.certificateFile,
            keyFile: certificates.keyFile,
            observer: truth
        )
        self.exchange = exchange
        let receiverPort = request.receiverPort == 0 ? try LoopbackPort.free(.tcp) : request.receiverPort
        let direct = try addLink(.direct, request.lab.direct, targetPort: exchange.port)
        let tokyo = try addLink(.tokyo, request.lab.tokyo, targetPort: exchange.port)
        let backbone = try addLink(.backbone, request.lab.backbone, targetPort: receiverPort)
        let exchangeAddress = "\(Certificates.exchangeName):443"
        let ways = [
            "frankfurt": [exchangeAddress: "127.0.0.1:\(direct.port)"],
            "tokyo": [
                exchangeAddress: "127.0.0.1:\(tokyo.port)",
                "127.0.0.1:\(receiverPort)": "127.0.0.1:\(backbone.port)",
            ],
        ]
        let description = LabDescription(
            hosts: request.local ? localHosts(ways) : try await startHosts(ways),
            feedURL: "wss://\(exchangeAddress)" + (request.market == .usdm ? "/public" : ""),
            caFile: certificates.authorityFile,
            receiverPort: receiverPort,
            truthFile: directory.path("lab-truth.csv")
        )
        return try Lab(description, exchange: exchange, truth: truth, directory: directory)
    }

    /// Ends everything that is up; servers all at once, so that their farewells overlap.
    func takeDown() {
        for process in processes { process.beginStop() }
        for link in links { link.stop() }
        exchange?.stop()
        for process in processes { process.stop() }
    }

    private func addLink(_ name: LinkName, _ link: LabSpecification.Link, targetPort: Int) throws -> Link {
        let link = try Link(name, link, seed: request.lab.seed, targetPort: targetPort, observer: truth)
        links.append(link)
        return link
    }

    // MARK: Hosts

    private func localHosts(_ ways: [String: [String: String]]) -> [String: HostSpecification] {
        ways.mapValues { HostSpecification(local: true, privateAddress: "127.0.0.1", connectTo: $0) }
    }

    private func startHosts(_ ways: [String: [String: String]]) async throws -> [String: HostSpecification] {
        for host in ways.keys { _ = try directory.makeFolder(host) }
        let shell = try await SecureShell(in: directory)
        let referencePort = try await startReference()
        var hosts: [String: HostSpecification] = [:]
        for (name, connectTo) in ways.sorted(by: { $0.key < $1.key }) {
            let server = try await SecureShellServer.start(name, shell, in: directory)
            processes.append(server.process)
            let clockPort = try await startClock(of: name, referencePort: referencePort)
            hosts[name] = HostSpecification(
                ssh: "\(shell.account.name)@127.0.0.1:\(server.port)",
                identityFile: shell.identityFile,
                hostKey: server.hostKey,
                privateAddress: "127.0.0.1",
                chronyc: ["-h", "127.0.0.1", "-p", "\(clockPort)"],
                connectTo: connectTo
            )
        }
        return hosts
    }

    private func startReference() async throws -> Int {
        _ = try directory.makeFolder("clock")
        let (daemon, source) = try await ClockDaemon.start("the reference clock", in: directory, folder: "clock") {
            .reference(servingPort: try LoopbackPort.free(.udp))
        }
        processes.append(daemon.process)
        guard case .reference(let port) = source else { preconditionFailure("a reference was asked for") }
        return port
    }

    /// Gives the port where the host's chronyd answers, or would answer if there were one.
    private func startClock(of host: String, referencePort: Int) async throws -> Int {
        let source: ClockDaemon.Source
        switch host == "frankfurt" ? request.lab.clockFault : .none {
        case .none: source = .server(port: referencePort)
        case .unsynchronised: source = .none
        case .localReference: source = .ownClock
        case .noDaemon: return try LoopbackPort.free(.udp)
        }
        let (daemon, _) = try await ClockDaemon.start("\(host)'s clock", in: directory, folder: host) { source }
        processes.append(daemon.process)
        return daemon.commandPort
    }
}
