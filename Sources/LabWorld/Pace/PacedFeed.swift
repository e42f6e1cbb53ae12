import CSockets
import WireTransport

/// A WebSocket server that sends book tickers at an even pace, for benchmarks: as many a second as asked for, each with a
/// send of its own unless they are to be packed, to every client that is there.
///
/// The moments are fixed beforehand (first + n / rate): a late message makes none of the others late.
public final class PacedFeed {
    /// The most clients.
    static let clientLimit = 100
    /// After so many messages it looks for what clients say, even when more are due.
    private static let turnLimit = 256
    /// Closing takes at most this long.
    private static let farewellNs: Int64 = 10_000_000_000

    let loop = EventLoop()
    private let settings: PacedFeedSettings
    private let listener: ListeningSocket
    private let tls: TLSContext?
    private let raw: TickerFrame
    private let combined: TickerFrame
    private let times: SendTimes?
    private var clients: [PacedClient] = []
    private var open: [PacedClient] = []
    private var outcome = PacedFeedOutcome()

    /// Listens.
    ///
    /// - Throws: `LabError` `specification` for settings that make no sense, `TransportError` when the port or the
    ///   certificate cannot be used.
    public init(_ settings: PacedFeedSettings) throws {
        try settings.validate()
        self.settings = settings
        tls = try settings.certificate.map {
            try TLSContext.server(certificateFile: $0.chainFile, keyFile: $0.keyFile)
        }
        listener = try ListeningSocket(host: settings.host, port: settings.port)
        raw = TickerFrame(symbol: settings.symbol, firstID: settings.firstID, isCombined: false)
        combined = TickerFrame(symbol: settings.symbol, firstID: settings.firstID, isCombined: true)
        times = settings.recordFile.map { _ in SendTimes(firstID: settings.firstID, capacity: settings.count) }
        listener.onAccept = { [unowned self] in accept($0) }
        loop.add(listener)
    }

    /// The port that it listens on.
    public var port: Int { listener.port }

    /// Waits for the clients, sends everything, says goodbye.
    ///
    /// - Returns: what was sent and how punctually.
    /// - Throws: `LabError` `notReady` when the clients do not come in time, `directory` when the record cannot be
    ///   written.
    public func run() throws -> PacedFeedOutcome {
        latexp_sharpen_timers()
        try waitForClients()
        sendAll()
        farewell()
        if let file = settings.recordFile { try times?.write(to: file) }
        return outcome
    }

    private func waitForClients() throws {
        let untilNs = HostClock.monotonicNs() + Int64(settings.patienceSeconds) * 1_000_000_000
        while open.count < settings.clients {
            guard HostClock.monotonicNs() < untilNs else {
                throw LabError(
                    .notReady,
                    "\(open.count) of \(settings.clients) clients came to port \(port) within "
                        + "\(settings.patienceSeconds) s; start them, or wait longer with --wait"
                )
            }
            loop.runOnce(maximumWaitNs: 100_000_000)
        }
    }

    private func sendAll() {
        let firstNs = HostClock.monotonicNs() + 1_000_000
        // A machine that cannot keep the pace ends all the same.
        let endNs = firstNs + Int64(settings.seconds) * 1_000_000_000 + 2_000_000_000
        let startCPU = processorNs()
        var index = 0
        while index < settings.count {
            let nowNs = HostClock.monotonicNs()
            guard nowNs < endNs else { break }
            let dueNs = firstNs + due(index)
            if nowNs >= dueNs {
                outcome.note(lateNs: nowNs - dueNs)
                index = sendDue(from: index, elapsedNs: nowNs - firstNs)
            }
            loop.runOnce(maximumWaitNs: max(0, firstNs + due(index) - HostClock.monotonicNs()))
        }
        outcome.sent = index
        outcome.lastID = settings.firstID + Int64(index) - 1
        outcome.processorNs = processorNs() - startCPU
        outcome.elapsedNs = HostClock.monotonicNs() - firstNs
    }

    /// When a message is due, after the first one.
    private func due(_ index: Int) -> Int64 {
        Int64(index / settings.burst * settings.burst) * 1_000_000_000 / Int64(settings.rate)
    }

    /// Sends what is due, at most one turn's worth; the index of the first message that was not sent.
    private func sendDue(from first: Int, elapsedNs: Int64) -> Int {
        var index = first
        let end = min(settings.count, first + Self.turnLimit)
        repeat {
            send()
            index += 1
        } while index < end && due(index) <= elapsedNs
        if settings.isPacked {
            for client in open { client.sendPacked() }
        }
        return index
    }

    @inline(__always)
    private func send() {
        let nowNs = HostClock.wallNs()
        raw.advance(toMs: nowNs / 1_000_000)
        combined.advance(toMs: nowNs / 1_000_000)
        times?.add(wallNs: nowNs)
        for client in open {
            let frame = client.isCombined ? combined.octets : raw.octets
            if settings.isPacked { client.pack(frame) } else { client.send(frame) }
        }
    }

    private func farewell() {
        loop.remove(listener)
        for client in clients { client.close() }
        let untilNs = HostClock.monotonicNs() + Self.farewellNs
        while clients.contains(where: { !$0.isGone }), HostClock.monotonicNs() < untilNs {
            loop.runOnce(maximumWaitNs: 100_000_000)
        }
    }

    // MARK: Clients

    private func accept(_ socket: StreamSocket) {
        guard clients.count < Self.clientLimit, let client = try? PacedClient(socket, feed: self, tls: tls) else {
            return
        }
        clients.append(client)
    }

    func opened(_ client: PacedClient) {
        open.append(client)
        outcome.clients += 1
    }

    /// A client is gone; `reason` when that came while it was being served.
    func lost(_ client: PacedClient, reason: String?) {
        clients.removeAll { $0 === client }
        open.removeAll { $0 === client }
        if let reason { outcome.lost.append(reason) }
    }
}

/// How a paced feed came out.
public struct PacedFeedOutcome: Encodable, Sendable {
    /// The messages sent to those who were there.
    public internal(set) var sent = 0
    /// The last message's `u`.
    public internal(set) var lastID: Int64 = 0
    /// How many clients there were.
    public internal(set) var clients = 0
    /// Why clients went away before the end; a slow one is cut off when 64 MB wait for it.
    public internal(set) var lost: [String] = []
    /// The processor time that sending took, user and system; on loopback the receivers' side of TCP is in it.
    public internal(set) var processorNs: Int64 = 0
    /// From the first message to the end.
    public internal(set) var elapsedNs: Int64 = 0
    /// How late the latest message was.
    public private(set) var latestNs: Int64 = 0
    /// How often it was more than 1 ms late, as when others had the processor.
    public private(set) var lateTurns = 0

    mutating func note(lateNs: Int64) {
        latestNs = max(latestNs, lateNs)
        if lateNs > 1_000_000 { lateTurns += 1 }
    }
}

/// The processor time of this process so far.
private func processorNs() -> Int64 { latexp_clock_ns(CLOCK_PROCESS_CPUTIME_ID) }
