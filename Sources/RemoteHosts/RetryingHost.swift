/// A host that tries again when the connection fails, and never when a command does.
///
/// Repeated are `connect`, transfers, which put a file under its name only when it is whole, and commands that are
/// marked as idempotent: of any other command it is unknown whether it ran.
public struct RetryingHost: RemoteHost {
    private let host: any RemoteHost
    private let tries: Int
    private let backoff: Duration
    private let clock: any Clock<Duration>
    private let jitter: @Sendable () -> Double

    /// Wraps a host.
    ///
    /// The wait before try n + 1 is `backoff` times 2 to the power n - 1, at most 10 s, times `jitter()`, which is
    /// expected within 0.5 ... 1.5: servers that see many connections at once penalise their source.
    public init(
        _ host: any RemoteHost,
        tries: Int = 5,
        backoff: Duration = .milliseconds(500),
        clock: any Clock<Duration> = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0.5...1.5) }
    ) {
        self.host = host
        self.tries = max(1, tries)
        self.backoff = backoff
        self.clock = clock
        self.jitter = jitter
    }

    /// What the user calls the wrapped host.
    public var name: String { host.name }

    /// Connects, trying again while the host cannot be reached.
    public func connect() async throws -> ConnectionFacts {
        try await retrying { try await host.connect() }
    }

    /// Runs a script, again after a lost connection when it is marked as idempotent.
    public func run(_ command: RemoteCommand) async throws -> CommandResult {
        guard command.isIdempotent else { return try await host.run(command) }
        return try await retrying { try await host.run(command) }
    }

    /// Copies a local file to the host, from its beginning again when the connection is lost on the way.
    public func upload(
        _ file: UploadFile,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await retrying { try await host.upload(file, progress: progress) }
    }

    /// Copies a file from the host, from its beginning again when the connection is lost on the way.
    public func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await retrying {
            try await host.download(path, to: localPath, limitBytes: limitBytes, progress: progress)
        }
    }

    /// Ends the connection; the next call makes a new one.
    public func close() async {
        await host.close()
    }

    private func retrying<Value>(_ work: () async throws -> Value) async throws -> Value {
        var wait = backoff
        for _ in 1..<tries {
            do {
                return try await work()
            } catch let error as RemoteHostError where error.isTransportFailure {
                try await clock.sleep(for: wait * jitter())
                wait = min(wait * 2, .seconds(10))
            }
        }
        return try await work()
    }
}
