import ExperimentModel
import Foundation
import TestSupport
import Testing

@testable import LabWorld

/// An exchange over TLS that agents by hand dial, whose authority they learn from `SSL_CERT_FILE`.
final class ByHandWorld {
    let folder: String
    let exchanges: [Exchange]
    private let certificates: Certificates
    private var agents: [AgentByHand] = []

    private init(_ folder: String, addresses: [String], streams: [String]) async throws {
        self.folder = folder
        let certificates = try await Certificates.make(in: try LabDirectory(folder + "/world"))
        self.certificates = certificates
        var settings = ExchangeSettings(
            market: .usdm,
            streams: try streams.map { try FeedStream($0) },
            seed: 5,
            rate: 200
        )
        settings.pingIntervalNs = 1_000_000_000
        let port = try LoopbackPort.free(.tcp)
        exchanges = try addresses.map { [settings] address in
            try Exchange(
                settings,
                certificateFile: certificates.certificateFile,
                keyFile: certificates.keyFile,
                observer: Deaf(),
                address: address,
                port: port
            )
        }
    }

    /// Makes a world, calls `body`, and ends all that is left of it.
    static func with(
        addresses: [String] = ["127.0.0.1"],
        streams: [String] = ["btcusdt@bookTicker"],
        _ body: (ByHandWorld) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let aftermath = try Aftermath(of: folder)
            defer { aftermath.dismiss() }
            let world = try await ByHandWorld(folder, addresses: addresses, streams: streams)
            defer {
                for agent in world.agents where agent.isRunning { agent.signal(SIGKILL) }
                for exchange in world.exchanges { exchange.stop() }
            }
            try await body(world)
        }
    }

    /// The feed's URL by this name of the exchange.
    func url(_ host: String = "localhost", _ path: String = "/public/ws/btcusdt@bookTicker") -> String {
        "wss://\(host):\(exchanges[0].port)\(path)"
    }

    /// A port that nobody listens on.
    func freePort() throws -> Int { try LoopbackPort.free(.tcp) }

    /// Starts an agent in a folder of its own.
    func start(_ name: String, _ arguments: [String], launcher: [String] = []) throws -> AgentByHand {
        let agent = try AgentByHand(
            arguments,
            in: folder + "/" + name,
            environment: ["SSL_CERT_FILE": certificates.authorityFile],
            launcher: launcher
        )
        agents.append(agent)
        return agent
    }

    /// Writes a file for an agent.
    func write(_ text: String, to name: String) throws -> String {
        let path = folder + "/" + name
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private struct Deaf: ExchangeObserver {
        func exchangeSends(updateID: Int64, sentNs: Int64) {}
        func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite]) {}
    }
}
