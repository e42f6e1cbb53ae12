/// A local file that shall be on a host.
public struct UploadFile: Sendable, Equatable {
    /// How the file travels.
    public enum Compression: Sendable, Equatable {
        /// Compressed by gzip when it is longer than 64 KiB; the compressed copy is kept in the user's cache for the next
        /// host.
        case automatic
        /// As it is.
        case none
        /// This file, made by gzip from the local one, is sent instead.
        case precompressed(path: String)
    }

    /// Where it is on this machine.
    public var localPath: String
    /// Where it goes, in full or relative to the login directory; missing directories are made, open to their owner
    /// alone.
    public var remotePath: String
    /// Its permissions there, such as `0o755`.
    public var permissions: UInt16
    /// Its SHA-256 in lower-case hexadecimal when that is known already; computed when nil.
    public var sha256: String?
    /// How it travels.
    public var compression: Compression
    /// The time that the upload may take.
    public var timeout: Duration

    /// Describes an upload.
    public init(
        localPath: String,
        remotePath: String,
        permissions: UInt16 = 0o600,
        sha256: String? = nil,
        compression: Compression = .automatic,
        timeout: Duration = .seconds(600)
    ) {
        self.localPath = localPath
        self.remotePath = remotePath
        self.permissions = permissions
        self.sha256 = sha256
        self.compression = compression
        self.timeout = timeout
    }
}

/// How far a transfer has got.
public struct TransferProgress: Sendable, Equatable {
    /// The bytes that have left or come in so far, as they travel: of an upload that is compressed, the compressed
    /// ones.
    public let completedBytes: Int64
    /// The bytes that will travel in all.
    public let totalBytes: Int64

    /// Makes a progress report.
    public init(completedBytes: Int64, totalBytes: Int64) {
        self.completedBytes = completedBytes
        self.totalBytes = totalBytes
    }
}

/// A transfer that succeeded: both ends have computed the same SHA-256.
public struct TransferOutcome: Sendable, Equatable {
    /// The file's length.
    public let bytes: Int64
    /// The bytes that travelled: fewer than `bytes` when they were compressed.
    public let sentBytes: Int64
    /// The time it took.
    public let seconds: Double
    /// The file's SHA-256 in lower-case hexadecimal.
    public let sha256: String

    /// Makes an outcome.
    public init(bytes: Int64, sentBytes: Int64, seconds: Double, sha256: String) {
        self.bytes = bytes
        self.sentBytes = sentBytes
        self.seconds = seconds
        self.sha256 = sha256
    }
}

/// Passes progress on at most five times a second, so that drawing it costs nothing.
struct ProgressThrottle {
    private let report: (@Sendable (TransferProgress) -> Void)?
    private var lastReport: ContinuousClock.Instant?

    init(_ report: (@Sendable (TransferProgress) -> Void)?) {
        self.report = report
    }

    mutating func update(_ completedBytes: Int64, of totalBytes: Int64) {
        guard let report else { return }
        let now = ContinuousClock.now
        if completedBytes < totalBytes, let lastReport, now - lastReport < .milliseconds(200) { return }
        lastReport = now
        report(TransferProgress(completedBytes: completedBytes, totalBytes: totalBytes))
    }
}
