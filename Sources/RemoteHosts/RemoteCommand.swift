/// A POSIX shell script to run on a host, with everything that bounds it.
public struct RemoteCommand: Sendable, Equatable {
    /// The script; it runs in `/bin/sh`, whatever the login shell is.
    public var script: String
    /// What the script sees as `$1`, `$2`, …; any text without a NUL character.
    public var arguments: [String]
    /// What the script reads on its standard input.
    public var input: [UInt8]
    /// The limit on standard output, and again on standard error; beyond it the command is given up.
    public var outputLimitBytes: Int
    /// The time that the command may take, connecting not included.
    public var timeout: Duration
    /// Whether running it twice does no harm, so that it may be repeated after a lost connection.
    public var isIdempotent: Bool

    /// Describes a command; secrets belong into `input`, since arguments show in a process list.
    public init(
        _ script: String,
        arguments: [String] = [],
        input: [UInt8] = [],
        outputLimitBytes: Int = 1 << 20,
        timeout: Duration = .seconds(30),
        isIdempotent: Bool = false
    ) {
        self.script = script
        self.arguments = arguments
        self.input = input
        self.outputLimitBytes = outputLimitBytes
        self.timeout = timeout
        self.isIdempotent = isIdempotent
    }

    /// The script's first line that is not empty, shortened: enough to recognise it in a message.
    public var summary: String {
        let line = script.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return line.count > 60 ? line.prefix(59) + "…" : line
    }
}

/// How a command ended.
public struct CommandResult: Sendable, Equatable {
    /// The script's exit status; 128 + n when signal n ended it.
    public let exitCode: Int32
    /// What it wrote to standard output.
    public let outputBytes: [UInt8]
    /// What it wrote to standard error.
    public let errorOutputBytes: [UInt8]

    /// Makes a result, as a host or its stand-in in a test does.
    public init(exitCode: Int32, outputBytes: [UInt8] = [], errorOutputBytes: [UInt8] = []) {
        self.exitCode = exitCode
        self.outputBytes = outputBytes
        self.errorOutputBytes = errorOutputBytes
    }

    /// Standard output as text; what is not UTF-8 is replaced.
    public var output: String { String(decoding: outputBytes, as: UTF8.self) }

    /// Standard error as text; what is not UTF-8 is replaced.
    public var errorOutput: String { String(decoding: errorOutputBytes, as: UTF8.self) }

    /// Returns the result when the exit code is 0, and throws `commandFailed` with what was said when it is not.
    @discardableResult
    public func checked(host: String, command: RemoteCommand) throws -> CommandResult {
        guard exitCode != 0 else { return self }
        let said = errorOutputBytes.isEmpty ? output : errorOutput
        throw RemoteHostError(
            .commandFailed,
            host: host,
            "'\(command.summary)' ended with status \(exitCode)"
                + (said.isEmpty ? " and said nothing" : ": \(said.condensed(to: 500))")
        )
    }
}

extension String {
    /// The text on one line, control characters dropped, and at most so many characters of its end.
    ///
    /// For what a remote host said: it must not be able to steer the terminal that shows it.
    func condensed(to limit: Int) -> String {
        let words = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let safe = String(
            String.UnicodeScalarView(words.unicodeScalars.filter { $0.properties.generalCategory != .control })
        )
        return safe.count > limit ? "…" + safe.suffix(limit) : safe
    }
}
