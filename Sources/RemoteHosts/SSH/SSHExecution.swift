import CLibSSH2
import Foundation

/// Runs one command line on a channel: input goes in and both outputs come out at the same time.
///
/// The rule that everything here serves: when a call asks to be repeated while half a packet is in the session's send
/// buffer, nothing but that call may go on; also reading may send, as it opens the window. libssh2 up to 1.11.0 answers
/// a breach with errors or with silently corrupt data.
final class SSHExecution {
    /// How a command ended, as far as SSH tells.
    struct Ending {
        /// The name of the signal that ended it, such as `KILL`.
        let signal: String?
        /// SSH's exit status; 0 also when none came.
        let status: Int32
        /// Whether the session may be used again.
        let isReusable: Bool
    }

    private enum Operation: Int32 {
        case output = 0
        case errorOutput = 1
        case input
        case endOfInput
    }

    /// How long a command may hold its outputs open after it has said that it ended: a background process may have
    /// them.
    private static let lingering = Duration.seconds(2)

    private let session: SSHSession
    private let limits: SSHLimits
    private let channel: OpaquePointer
    private let source: any ByteSource
    private let consume: [(UnsafeRawBufferPointer) throws -> Void]
    private let hasEnded: () -> Bool

    private var stalled: Operation?
    private var inputIsOver = false
    private var endOfInputIsSent = false
    private var endedAt: ContinuousClock.Instant?
    private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    private let writeBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var unsent = 0..<0

    /// Opens a channel and starts the command.
    ///
    /// `windowBytes` bounds what may be under way to us: throughput is at most window / round trip.
    /// `hasEnded` says whether the outputs are complete as far as their reader is concerned.
    init(
        session: SSHSession,
        commandLine: String,
        windowBytes: UInt32,
        input: any ByteSource,
        limits: SSHLimits,
        output: @escaping (UnsafeRawBufferPointer) throws -> Void,
        errorOutput: @escaping (UnsafeRawBufferPointer) throws -> Void,
        hasEnded: @escaping () -> Bool
    ) throws {
        self.session = session
        self.limits = limits
        self.source = input
        self.consume = [output, errorOutput]
        self.hasEnded = hasEnded
        session.beginActivity()
        let opened = try session.make(limits) {
            libssh2_channel_open_ex(
                session.handle,
                "session",
                7,
                windowBytes,
                UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT),
                nil,
                0
            )
        }
        guard let opened else {
            throw session.failure(libssh2_session_last_errno(session.handle), "opening a channel")
        }
        self.channel = opened
        let code = try session.call(limits) {
            libssh2_channel_process_startup(opened, "exec", 4, commandLine, UInt32(commandLine.utf8.count))
        }
        guard code == 0 else { throw session.failure(code, "starting a command") }
    }

    deinit {
        readBuffer.deallocate()
        writeBuffer.deallocate()
    }

    /// Moves bytes until the command has ended.
    func run() throws -> Ending {
        while true {
            try limits.check()
            let receivedOutput = try receive(.output)
            let receivedError = try receive(.errorOutput)
            let sent = try send()
            if stalled == nil, libssh2_channel_eof(channel) == 1 { return finish() }
            if hasEnded() {
                inputIsOver = true
                let since = endedAt ?? .now
                endedAt = since
                guard ContinuousClock.now - since < Self.lingering else {
                    return Ending(signal: nil, status: 0, isReusable: false)
                }
            }
            if receivedOutput || receivedError || sent { continue }
            try session.wait(limits, atMost: endedAt == nil ? .seconds(3600) : .milliseconds(100))
        }
    }

    private func may(_ operation: Operation) -> Bool { stalled == nil || stalled == operation }

    /// Notes what an operation's answer means for the others; returns whether it must be repeated.
    private func mustRepeat(_ operation: Operation, _ code: Int) -> Bool {
        guard code == Int(LIBSSH2_ERROR_EAGAIN) else {
            stalled = nil
            return false
        }
        stalled = session.hasHalfSentPacket ? operation : nil
        return true
    }

    /// Reads what is there, but not for ever: the other stream and the input get their turn.
    private func receive(_ stream: Operation) throws -> Bool {
        var received = false
        for _ in 0..<16 {
            guard may(stream) else { return received }
            let count = libssh2_channel_read_ex(
                channel,
                stream.rawValue,
                readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                readBuffer.count
            )
            if mustRepeat(stream, count) || count == 0 { return received }
            guard count > 0 else { throw session.failure(Int32(count), "reading a command's output") }
            session.noteSignOfLife()
            received = true
            try consume[Int(stream.rawValue)](UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
        }
        return received
    }

    private func send() throws -> Bool {
        guard !endOfInputIsSent else { return false }
        var sent = false
        for _ in 0..<16 where !inputIsOver || stalled == .input {
            guard may(.input) else { return sent }
            if unsent.isEmpty {
                unsent = 0..<(try source.read(into: writeBuffer))
                if unsent.isEmpty {
                    inputIsOver = true
                    break
                }
            }
            let count = libssh2_channel_write_ex(
                channel,
                0,
                writeBuffer.baseAddress.map { ($0 + unsent.lowerBound).assumingMemoryBound(to: CChar.self) },
                unsent.count
            )
            if mustRepeat(.input, count) { return sent }
            if count == Int(LIBSSH2_ERROR_CHANNEL_CLOSED) || count == Int(LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
                // The command reads no more; what it has to say about that is still to come.
                inputIsOver = true
                break
            }
            guard count >= 0 else { throw session.failure(Int32(count), "writing a command's input") }
            if count == 0 { return sent }
            sent = true
            unsent = unsent.lowerBound + count..<unsent.upperBound
        }
        guard inputIsOver, stalled == nil || stalled == .endOfInput else { return sent }
        let code = libssh2_channel_send_eof(channel)
        if mustRepeat(.endOfInput, Int(code)) { return sent }
        guard code == 0 || code == LIBSSH2_ERROR_CHANNEL_EOF_SENT else {
            throw session.failure(code, "ending a command's input")
        }
        endOfInputIsSent = true
        return true
    }

    /// Closes the channel, within limits of its own: the command is over, and its result must not be lost to this.
    private func finish() -> Ending {
        let limits = SSHLimits(host: session.host, activity: "closing a channel", timeout: .seconds(5))
        do {
            guard try session.call(limits, { libssh2_channel_close(channel) }) == 0 else {
                return Ending(signal: nil, status: 0, isReusable: false)
            }
            let signal = exitSignal()
            let status = libssh2_channel_get_exit_status(channel)
            let freed = try session.call(limits) { libssh2_channel_free(channel) }
            return Ending(signal: signal, status: status, isReusable: freed == 0)
        } catch {
            return Ending(signal: nil, status: 0, isReusable: false)
        }
    }

    private func exitSignal() -> String? {
        var name: UnsafeMutablePointer<CChar>?
        var length = 0
        guard libssh2_channel_get_exit_signal(channel, &name, &length, nil, nil, nil, nil) == 0, let name else {
            return nil
        }
        defer { libssh2_free(session.handle, name) }
        return String(cString: name)
    }
}
