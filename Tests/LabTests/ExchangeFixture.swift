import ExperimentModel
import Foundation
import Synchronization

@testable import LabWorld

/// Remembers what the exchange says it sent.
final class ExchangeRecord: ExchangeObserver {
    let sent = Mutex<[(updateID: Int64, sentNs: Int64)]>([])

    func exchangeSends(updateID: Int64, sentNs: Int64) {
        sent.withLock { $0.append((updateID, sentNs)) }
    }

    func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite]) {}
}

/// An exchange with certificates of its own.
final class ExchangeFixture: Sendable {
    let record = ExchangeRecord()
    let exchange: Exchange
    private let folder: TemporaryDirectory
    private let caFile: String

    /// What scripts are told: where the exchange is, and whom to trust.
    struct Address: Encodable {
        var port: Int
        var ca: String
    }

    var address: Address { Address(port: exchange.port, ca: caFile) }

    init(
        market: Market = .usdm,
        streams: [String] = ["btcusdt@bookTicker"],
        rate: Double = 200,
        _ change: (inout ExchangeSettings) -> Void = { _ in }
    ) async throws {
        let folder = try TemporaryDirectory()
        self.folder = folder
        let certificates = try await Certificates.make(in: try LabDirectory(folder.path("exchange")))
        caFile = certificates.authorityFile
        var settings = ExchangeSettings(
            market: market,
            streams: try streams.map { try FeedStream($0) },
            seed: 11,
            rate: rate
        )
        change(&settings)
        exchange = try Exchange(
            settings,
            certificateFile: certificates.certificateFile,
            keyFile: certificates.keyFile,
            observer: record
        )
    }

    deinit { exchange.stop() }
}
