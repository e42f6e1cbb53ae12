import ExperimentModel
import WebSocketCodec
import WireTransport

/// What the exchange of a lab that is up can be told to do, as words on the lab's standard input.
public enum ExchangeCommand: Sendable, Hashable {
    /// Closes every connection with this code, as after 24 hours (1001) or for a client that broke a rule (1008).
    case close(code: UInt16, reason: String)
    /// Announces the server's end, and closes the connections that heard it after this long.
    case shutDown(after: TimeSpan)
    /// Sends the present connections nothing any more, and answers nothing; new connections are served.
    case silence
    /// Breaks every connection off inside a message, without a goodbye.
    case reset
    /// Ends every connection inside a TLS record.
    case tearRecord
    /// Breaks one connection of each host off, and sends nothing on any that is opened from now on.
    case killOneOfEachHost
    /// Serves new connections as usual again.
    case heal
    /// Sends every client this many messages that are none.
    case nonsense(Int)
    /// Sends every client a frame with bits that nobody agreed on.
    case badFrame
    /// Announces a frame of four exabytes to every client.
    case hugeFrame
    /// Sends this many events more within a second.
    case burst(Int)

    /// Reads words such as `close 1008 Pong timeout`, `shutdown 3s`, `silence`, `reset`, `tear`, `kill-one`, `heal`,
    /// `burst 50000`, `nonsense 100`, `bad-frame`, `huge-frame`.
    ///
    /// - Throws: `LabError` `specification` that names the words.
    public init(words: [String]) throws {
        switch (words.first, words.dropFirst().first) {
        case ("close", let code?):
            guard let code = UInt16(code), code >= 1_000, code < 5_000 else { throw Self.wrong(words) }
            self = .close(code: code, reason: words.dropFirst(2).joined(separator: " "))
        case ("shutdown", let span?):
            guard let span = TimeSpan(span) else { throw Self.wrong(words) }
            self = .shutDown(after: span)
        case ("burst", let count?):
            guard let count = Int(count), (1...1_000_000).contains(count) else { throw Self.wrong(words) }
            self = .burst(count)
        case ("nonsense", let count?):
            guard let count = Int(count), (1...10_000).contains(count) else { throw Self.wrong(words) }
            self = .nonsense(count)
        case ("bad-frame", nil): self = .badFrame
        case ("huge-frame", nil): self = .hugeFrame
        case ("silence", nil): self = .silence
        case ("reset", nil): self = .reset
        case ("tear", nil): self = .tearRecord
        case ("kill-one", nil): self = .killOneOfEachHost
        case ("heal", nil): self = .heal
        default: throw Self.wrong(words)
        }
    }

    private static func wrong(_ words: [String]) -> LabError {
        LabError(
            .specification,
            "'\(words.joined(separator: " ").prefix(100))' is nothing that the exchange does; say close 1001, "
                + "close 1008 REASON, shutdown 3s, silence, reset, tear, kill-one, heal, burst 50000, nonsense 100, bad-frame "
                + "or huge-frame"
        )
    }
}

/// What the exchange sent on one connection.
public struct ExchangeAccount: Sendable, Hashable, Codable {
    /// The port of the other end, which tells the lab's hosts apart.
    public var peerPort: Int
    /// The events written.
    public var events: Int
}

extension Exchange {
    /// Does what a command says.
    public func obey(_ command: ExchangeCommand) {
        _ = thread.ask { $0.obey(command) }
    }

    /// What was sent on each connection so far, those that are over included.
    public var accounts: [ExchangeAccount] { thread.ask { $0.accounts } ?? [] }
}

extension ExchangeFloor {
    /// A burst goes out in so many parts, a fiftieth of a second apart.
    private static let burstParts = 50

    func obey(_ command: ExchangeCommand) {
        switch command {
        case .close(let code, let reason): eachConnection { $0.end(code: code, reason: reason) }
        case .shutDown(let span): shutDown(afterNs: span.ns)
        case .silence: eachConnection { $0.fallSilent() }
        case .reset: eachConnection { $0.breakOffInsideMessage() }
        case .tearRecord: eachConnection { $0.endInsideRecord() }
        case .killOneOfEachHost: killOneOfEachHost()
        case .heal: faults.isMute = false
        case .burst(let count): burst(count, parts: Self.burstParts)
        case .nonsense(let count): eachConnection { $0.sendNonsense(count) }
        case .badFrame: eachConnection { $0.sendOctets([0xF1, 0x01, 0x41]) }
        case .hugeFrame: eachConnection { $0.sendOctets([0x81, 0x7F, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x7B]) }
        }
    }

    private func shutDown(afterNs spanNs: Int64) {
        var doomed: [ExchangeConnection] = []
        eachConnection {
            $0.announceShutdown()
            doomed.append($0)
        }
        loop.schedule(afterNs: spanNs) {
            for connection in doomed { connection.end(code: CloseCode.goingAway, reason: "") }
        }
    }

    private func killOneOfEachHost() {
        faults.isMute = true
        // The network lab gives each host ten thousand ports of its own.
        var seen: Set<Int> = []
        var doomed: [ExchangeConnection] = []
        eachConnection { if seen.insert($0.peerPort / 10_000).inserted { doomed.append($0) } }
        for connection in doomed { connection.end(code: nil, reason: "") }
    }

    private func burst(_ count: Int, parts: Int) {
        guard count > 0, parts > 0 else { return }
        let now = count / parts
        publishNow(now)
        loop.schedule(afterNs: 1_000_000_000 / Int64(Self.burstParts)) { [weak self] in
            self?.burst(count - now, parts: parts - 1)
        }
    }
}
