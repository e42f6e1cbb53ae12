/// A host that tries again when the connection fails, and never when a command does.
///
/// Repeated are `connect`, transfers, which put a file under its name only when it is whole, and commands that are
/// marked as idempotent: of any other command it is unknown whether it ran.
public struct RetryingHost: RemoteHost {
    /// For how long a host is tried again, from its first failure on.
    public struct Patience: Sendable, Equatable {
        /// While it is connected to for the first time: it may just boot.
        public var connecting: Duration
        /// Later: a link that is gone for a minute comes back.
        public var working: Duration

        /// A patience from its parts.
        public init(connecting: Duration, working: Duration) {
            self.connecting = connecting
            self.working = working
        }

        /// What suits a run, which has something to lose.
        public static let ofARun = Patience(connecting: .seconds(20), working: .seconds(90))
        /// One try, where somebody waits for the answer.
        public static let none = Patience(connecting: .zero, working: .zero)
    }

    /// The longest pause between two tries.
    static let longestPause = Duration.seconds(10)
    /// A try that took longer has had a connection, and brought something: after it the patience begins anew.
    static let fruitfulTry = Duration.seconds(45)
    /// How often the patience may begin anew in one call.
    static let renewals = 10

    private let host: any RemoteHost
    private let patience: Patience
    private let backoff: Duration
    private let clock: any Clock<Duration>
    private let jitter: @Sendable () -> Double
    private let notice: (@Sendable (HostNotice) -> Void)?

    /// Wraps a host.
    ///
    /// The wait before try n + 1 is `backoff` times 2 to the power n - 1, at most 10 s, times `jitter()`, which is
    /// expected within 0.5 ... 1.5: servers that see many connections at once penalise their source. `notice` is told
    /// of each failure that is not the last one, and how each call came out.
    public init(
        _ host: any RemoteHost,
        patience: Patience = .ofARun,
        backoff: Duration = .milliseconds(500),
        clock: any Clock<Duration> = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0.5...1.5) },
        notice: (@Sendable (HostNotice) -> Void)? = nil
    ) {
        self.host = host
        self.patience = patience
        self.backoff = backoff
        self.clock = clock
        self.jitter = jitter
        self.notice = notice
    }

    /// What the user calls the wrapped host.
    public var name: String { host.name }

    /// Connects, trying again while the host cannot be reached.
    public func connect() async throws -> ConnectionFacts {
        try await telling {
            try await retrying(for: patience.connecting, clock) { try await host.connect() }
        }
    }

    /// Runs a script, again after a lost connection when it is marked as idempotent.
    public func run(_ command: RemoteCommand) async throws -> CommandResult {
        try await telling {
            guard command.isIdempotent else { return try await host.run(command) }
            return try await retrying(for: patience.working, clock) { try await host.run(command) }
        }
    }

    /// Copies a local file to the host, from its beginning again when the connection is lost on the way.
    public func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await telling {
            try await retrying(for: patience.working, clock) { try await host.upload(file, progress: progress) }
        }
    }

    /// Copies a file from the host, from its beginning again when the connection is lost on the way.
    public func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await telling {
            try await retrying(for: patience.working, clock) {
                try await host.download(path, to: localPath, limitBytes: limitBytes, progress: progress)
            }
        }
    }

    /// Ends the connection; the next call makes a new one.
    public func close() async {
        await host.close()
    }

    /// Says how a call came out, for whoever was told that it takes long.
    private func telling<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            let value = try await work()
            notice?(.answers)
            return value
        } catch {
            notice?(.givenUp)
            throw error
        }
    }

    private func retrying<Value, Time: Clock<Duration>>(
        for patience: Duration,
        _ clock: Time,
        _ work: () async throws -> Value
    ) async throws -> Value {
        var pause = backoff
        var end: Time.Instant?
        var renewals = 0
        while true {
            let begin = clock.now
            do {
                return try await work()
            } catch let error as RemoteHostError where error.isTransportFailure {
                let now = clock.now
                if begin.duration(to: now) > Self.fruitfulTry, renewals < Self.renewals {
                    renewals += 1
                    end = nil
                    pause = backoff
                }
                let until = end ?? now.advanced(by: patience)
                end = until
                guard now < until else { throw error }
                notice?(.retrying(reason: error.reason, left: now.duration(to: until)))
                // The last try comes when the patience ends, not before.
                try await clock.sleep(for: min(pause * jitter(), now.duration(to: until)))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}
