/// One script, run over a session with its output framed.
struct SSHCommand {
    let host: String
    let command: RemoteCommand
    /// How much of the output may be under way to us.
    let windowBytes: UInt32

    /// Runs the script and keeps what it prints.
    func run(on session: SSHSession) throws -> (CommandResult, isReusable: Bool) {
        let output = Collector(limitBytes: command.outputLimitBytes)
        let (result, isReusable) = try run(on: session, input: MemorySource(command.input)) { bytes in
            guard output.append(bytes) else { throw RemoteHostError.outputTooLong(host: host, command) }
        }
        return (
            CommandResult(
                exitCode: result.exitCode,
                outputBytes: output.bytes,
                errorOutputBytes: result.errorOutputBytes
            ), isReusable
        )
    }

    /// Runs the script with input from anywhere, and hands over what it prints as it comes; the result has none of it.
    func run(
        on session: SSHSession,
        input: any ByteSource,
        deliver: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (CommandResult, isReusable: Bool) {
        let token = OutputFrame.makeToken()
        let errors = Collector(limitBytes: command.outputLimitBytes)
        let frame = OutputFrame(token: token, deliver: deliver)
        let errorFrame = OutputFrame(token: token) { bytes in
            guard errors.append(bytes) else { throw RemoteHostError.outputTooLong(host: host, command) }
        }
        let execution = try SSHExecution(
            session: session,
            commandLine: try commandLine(token),
            windowBytes: windowBytes,
            input: input,
            limits: SSHLimits(host: host, activity: "'\(command.summary)'", timeout: command.timeout),
            output: { try consume($0, frame) },
            errorOutput: { try consume($0, errorFrame) },
            hasEnded: { frame.hasEnded && errorFrame.hasEnded }
        )
        let ending = try execution.run()
        guard case .ended(let exitCode) = frame.state else { throw notRun(frame, errorFrame, ending) }
        return (CommandResult(exitCode: exitCode, errorOutputBytes: errors.bytes), ending.isReusable)
    }

    /// libssh2 sends a command in one packet of at most 35,000 bytes.
    private static let commandLineLimitBytes = 32_000

    private func commandLine(_ token: String) throws -> String {
        let program = OutputFrame.program(token: token, script: command.script, arguments: command.arguments)
        let line = ShellQuoting.portableCommandLine(forProgram: program)
        guard line.utf8.count <= Self.commandLineLimitBytes else {
            throw RemoteHostError(
                .invalidArgument,
                host: host,
                "'\(command.summary)' is \(line.utf8.count) bytes long, at most \(Self.commandLineLimitBytes) "
                    + "can be sent: pass long text as input"
            )
        }
        return line
    }

    private func consume(_ bytes: UnsafeRawBufferPointer, _ frame: OutputFrame) throws {
        guard try frame.consume(bytes) else {
            throw RemoteHostError(
                .commandNotRun,
                host: host,
                "the login shell prints without end and does not come to run '\(command.summary)'"
            )
        }
    }

    private func notRun(_ frame: OutputFrame, _ errorFrame: OutputFrame, _ ending: SSHExecution.Ending)
        -> RemoteHostError
    {
        let said = (String(decoding: frame.unframed + errorFrame.unframed, as: UTF8.self)).condensed(to: 300)
        let how = ending.signal.map { "signal \($0)" } ?? "status \(ending.status)"
        if frame.state == .beforeBegin {
            return RemoteHostError(
                .commandNotRun,
                host: host,
                "the login shell ended with \(how) and did not run '\(command.summary)'"
                    + (said.isEmpty ? "" : "; it said: \(said)")
            )
        }
        return RemoteHostError(
            .commandNotRun,
            host: host,
            "'\(command.summary)' was ended (\(how)) together with the shell that was to report on it"
        )
    }
}

extension OutputFrame {
    /// Whether the frame's last line has come.
    var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }
}

extension RemoteCommand {
    /// Throws `invalidArgument` for what no shell can be given.
    func validate(host: String) throws {
        guard ([script] + arguments).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw RemoteHostError(
                .invalidArgument,
                host: host,
                "'\(summary)' or an argument of it contains a NUL character"
            )
        }
        guard outputLimitBytes >= 0, timeout > .zero else {
            throw RemoteHostError(.invalidArgument, host: host, "'\(summary)' has no room or no time to run")
        }
    }
}

/// Keeps bytes up to a limit.
final class Collector {
    private(set) var bytes: [UInt8] = []
    private let limitBytes: Int

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Returns false, and keeps nothing more, when the limit would be passed.
    func append(_ part: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count + part.count <= limitBytes else { return false }
        bytes.append(contentsOf: part)
        return true
    }
}
