import ExperimentModel
import Foundation
import TestSupport
import Testing
import WireTransport

@testable import AgentCore
@testable import LabWorld

/// Feed lanes and the exchange that they dial, in one process: real TLS, real WebSocket, faults of the test's choice.
final class FeedWorld: FeedLaneOwner {
    /// An event as a lane gave it.
    struct Event: Hashable {
        var lane: Int
        var id: Int64
        var stream: Int
        var connection: Int
        var eventTimeNs: Int64
    }

    /// What a test wants of its world.
    struct Setup {
        var market = Market.usdm
        /// What comes after the exchange's address in the feed's URL.
        var path = "/public"
        /// The streams that the exchange has events for.
        var sent = ["btcusdt@bookTicker"]
        /// The streams that the lane asks for; nil for the same.
        var wanted: [String]?
        var rate = 300.0
        var timing = FeedTiming()
        var reconnect = ReconnectPolicy(initial: .milliseconds(20), max: .milliseconds(100))
        var exchange: (inout ExchangeSettings) -> Void = { _ in }
    }

    let exchange: Exchange
    let ear = ExchangeEar()
    let context: AgentContext
    private(set) var lanes: [FeedLane] = []
    private(set) var events: [Event] = []
    private(set) var batches = 0
    /// Called with each event's id, inside the lane's own call.
    var onEvent: ((Int64) -> Void)?
    private let target: FeedTarget
    private let folder: String
    private var isWriterFinished = false

    fileprivate init(_ setup: Setup, _ certificates: Certificates, folder: String) throws {
        var settings = ExchangeSettings(
            market: setup.market,
            streams: try setup.sent.map { try FeedStream($0) },
            seed: 3,
            rate: setup.rate
        )
        setup.exchange(&settings)
        self.folder = folder
        exchange = try Exchange(
            settings,
            certificateFile: certificates.certificateFile,
            keyFile: certificates.keyFile,
            observer: ear
        )
        let plan = AgentPlan(
            runID: "run-1",
            host: "h",
            role: .receive,
            market: setup.market,
            streams: setup.wanted ?? setup.sent,
            feedURL: "wss://exchange.lab:\(exchange.port)\(setup.path)",
            caFile: certificates.authorityFile,
            connectTo: ["exchange.lab:\(exchange.port)": "127.0.0.1:\(exchange.port)"],
            paths: [AgentPath(name: "baseline", kind: .direct, lanes: 1)],
            start: .atFirstEvent,
            warmUp: .seconds(0),
            duration: .seconds(10),
            deadline: .seconds(60),
            reconnect: setup.reconnect
        )
        context = try AgentContext(plan: plan, directory: folder, secret: nil, timing: setup.timing)
        target = try FeedTarget(plan: plan)
    }

    /// Makes a world, calls `body`, and takes the world down.
    static func with(_ setup: Setup = Setup(), _ body: (FeedWorld) throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let certificates = try await Certificates.make(in: try LabDirectory(folder + "/world"))
            let world = try FeedWorld(setup, certificates, folder: folder)
            defer {
                for lane in world.lanes { lane.close("the test is over") }
                world.exchange.stop()
                world.finishWriter()
            }
            try body(world)
        }
    }

    /// The first lane, which is opened when there is none.
    var lane: FeedLane { lanes.first ?? open() }

    /// Opens another lane.
    @discardableResult
    func open() -> FeedLane {
        let lane = FeedLane(
            name: "baseline/\(lanes.count)",
            index: lanes.count,
            target: target,
            context: context,
            owner: self
        )
        lanes.append(lane)
        return lane
    }

    /// Runs the loop until `condition` holds; 20 s at most.
    func run(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
        let endNs = HostClock.monotonicNs() + 20_000_000_000
        while !condition() {
            guard HostClock.monotonicNs() < endNs else {
                let failure = lanes.first?.lastFailure ?? "none"
                Issue.record("waited 20 s in vain; the lane's last failure: \(failure)", sourceLocation: location)
                return
            }
            context.loop.runOnce(maximumWaitNs: 1_000_000)
        }
    }

    /// Runs the loop until so many more events have come.
    func run(events count: Int, at location: SourceLocation = #_sourceLocation) {
        let goal = events.count + count
        run(until: { events.count >= goal }, at: location)
    }

    /// The log's lines so far; nothing can be logged after this.
    func log() throws -> [[String: String]] {
        finishWriter()
        let text = try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
    }

    /// The writer can end once only.
    private func finishWriter() {
        guard !isWriterFinished else { return }
        isWriterFinished = true
        context.writer.finish()
    }

    /// The ids that the exchange sent between the first and the last that came.
    var sentMeanwhile: [Int64] {
        let ids = events.map(\.id)
        guard let first = ids.min(), let last = ids.max() else { return [] }
        return ear.sent.filter { $0 >= first && $0 <= last }
    }

    func laneEvent(_ lane: FeedLane, _ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp) {
        events.append(
            Event(
                lane: lane.index,
                id: message.eventID ?? 0,
                stream: message.stream,
                connection: lane.connectionNumber,
                eventTimeNs: message.eventTimeNs
            )
        )
        onEvent?(message.eventID ?? 0)
    }

    func laneBatchEnded(_ lane: FeedLane) { batches += 1 }
}
