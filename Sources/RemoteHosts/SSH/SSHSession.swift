import CLibSSH2
import Foundation

/// One libssh2 session and its socket; not `Sendable`: it belongs to one ``SSHHost``, and to its thread.
///
/// Whatever throws in here leaves the session in a state that nobody knows: its owner throws it away.
final class SSHSession {
    let host: String
    let handle: OpaquePointer
    private let socket: Int32
    private let wake: WakePipe
    private let keepAliveInterval: Duration
    /// The program that carries the connection, if one does; ended after the socket is closed.
    private let proxy: ProxyProcess?
    private let notice: (@Sendable (HostNotice) -> Void)?
    private var isSilent = false
    /// Whether it was given up because nothing came any more.
    private var isGivenUp = false
    private var lastSignOfLife = ContinuousClock.now
    private var lastProbe = ContinuousClock.now

    /// Takes the socket over, whatever happens.
    init(
        host: String,
        socket: Int32,
        wake: WakePipe,
        options: SSHOptions,
        proxy: ProxyProcess? = nil
    ) throws {
        guard SSHLibrary.initialisation == 0, let handle = libssh2_session_init_ex(nil, nil, nil, nil) else {
            closeDescriptor(socket)
            throw RemoteHostError(.unsupported, host: host, "\(SSHLibrary.name) cannot make a session")
        }
        self.host = host
        self.handle = handle
        self.proxy = proxy
        self.socket = socket
        self.wake = wake
        self.keepAliveInterval = options.keepAliveInterval
        self.notice = options.notice
        libssh2_session_set_blocking(handle, 0)
        libssh2_keepalive_config(handle, 1, UInt32(max(2, options.keepAliveInterval.components.seconds)))
        if var bytes = options.sendBufferBytes {
            _ = setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    deinit {
        // The kernel would go on sending what is still queued, minutes long: a command that nobody waits for any more
        // must not arrive when the link is back and its successor is done.
        if isGivenUp { Self.dropQueue(of: socket) }
        // On a dead socket nothing can wait; a session that wants to send its farewell answers EAGAIN for ever.
        _ = shutdown(socket, Int32(SHUT_RDWR))
        for _ in 0..<20 where libssh2_session_free(handle) != LIBSSH2_ERROR_EAGAIN { break }
        closeDescriptor(socket)
    }

    private static func dropQueue(of socket: Int32) {
        var setting = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_LINGER, &setting, socklen_t(MemoryLayout<linger>.size))
    }

    /// Says good-bye to the server, briefly; the session is of no use afterwards.
    func disconnect() {
        let limits = SSHLimits(host: host, activity: "disconnecting", timeout: .seconds(1))
        _ = try? call(limits) { libssh2_session_disconnect_ex(handle, SSH_DISCONNECT_BY_APPLICATION, "done", "") }
    }

    /// Whether the other side has gone while nothing ran, so that sending anything would be in vain.
    var isStale: Bool {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 0) > 0 else { return false }
        guard watched.revents & Int16(POLLIN) != 0 else { return true }
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_PEEK)) <= 0
    }

    /// Starts a span in which silence counts: while nothing ran, nobody listened.
    func beginActivity() {
        noteSignOfLife()
        lastProbe = .now
        wake.drain()
    }

    func noteSignOfLife() {
        lastSignOfLife = .now
        guard isSilent else { return }
        isSilent = false
        notice?(.answers)
    }

    /// How much later than a question for a sign of life its answer may come: the longest round trip, and some.
    private static let answerTime = Duration.seconds(2)

    /// Whether half a packet waits to be sent: only the call that was interrupted may go on then.
    var hasHalfSentPacket: Bool {
        libssh2_session_block_directions(handle) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
    }

    /// Repeats a call until it does not ask to be repeated.
    func call(_ limits: SSHLimits, _ operation: () -> Int32) throws -> Int32 {
        while true {
            try limits.check()
            let code = operation()
            guard code == LIBSSH2_ERROR_EAGAIN else { return code }
            try wait(limits)
        }
    }

    /// Repeats a call that makes something until it does not ask to be repeated; nil when it failed.
    func make(_ limits: SSHLimits, _ operation: () -> OpaquePointer?) throws -> OpaquePointer? {
        while true {
            try limits.check()
            if let made = operation() { return made }
            guard libssh2_session_last_errno(handle) == LIBSSH2_ERROR_EAGAIN else { return nil }
            try wait(limits)
        }
    }

    /// Waits until the socket is ready for what libssh2 wants, the task is cancelled, or a limit comes near.
    func wait(_ limits: SSHLimits, atMost longest: Duration = .seconds(3600)) throws {
        let directions = libssh2_session_block_directions(handle)
        var events: Int16 = 0
        if directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0 { events |= Int16(POLLIN) }
        if directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { events |= Int16(POLLOUT) }
        try keepAlive(mayWrite: directions & LIBSSH2_SESSION_BLOCK_OUTBOUND == 0)

        let now = ContinuousClock.now
        var patience = min(limits.deadline - now, keepAliveInterval / 4, longest)
        if directions == 0 {
            // libssh2 1.11.1 can ask to be repeated without saying for what.
            events = Int16(POLLIN)
            patience = min(patience, .milliseconds(20))
        }
        var watched = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&watched, nfds_t(watched.count), patience.pollMilliseconds)
        // Room in a full send buffer is a sign of life, too: the other side's kernel took something.
        if watched[0].revents & events != 0 { noteSignOfLife() }
        if watched[1].revents != 0 { wake.drain() }
    }

    /// Asks a silent server for an answer, and gives up when none has come for three intervals.
    private func keepAlive(mayWrite: Bool) throws {
        let silence = ContinuousClock.now - lastSignOfLife
        guard silence < keepAliveInterval * 3 else {
            isGivenUp = true
            throw RemoteHostError(
                .connectionLost,
                host: host,
                "the server has not answered for \(Int(silence.inSeconds.rounded())) s: connection given up",
                brief: "connection lost"
            )
        }
        if silence >= keepAliveInterval + Self.answerTime {
            isSilent = true
            notice?(.silent(silence))
        }
        guard mayWrite, silence >= keepAliveInterval, ContinuousClock.now - lastProbe >= keepAliveInterval else {
            return
        }
        var watched = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        guard poll(&watched, 1, 0) == 1, watched.revents == Int16(POLLOUT) else { return }
        lastProbe = .now
        var secondsToNext: Int32 = 0
        let code = libssh2_keepalive_send(handle, &secondsToNext)
        guard code == 0 else { throw failure(code, "asking the server for a sign of life") }
    }

    /// The error for a code of libssh2's.
    func failure(_ code: Int32, _ activity: String) -> RemoteHostError {
        var text: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        libssh2_session_last_error(handle, &text, &length, 0)
        let said = text.map { String(cString: $0) } ?? "no message"
        switch code {
        case LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_DISCONNECT,
            LIBSSH2_ERROR_SOCKET_NONE, LIBSSH2_ERROR_BAD_SOCKET:
            return RemoteHostError(
                .connectionLost,
                host: host,
                "the connection broke while \(activity) (\(said), \(code))"
            )
        case LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED:
            return RemoteHostError(
                .commandNotRun,
                host: host,
                "the server refused a command while \(activity) (\(said), \(code)): does it allow commands, and is its "
                    + "MaxSessions reached?"
            )
        default:
            return RemoteHostError(
                .connectionLost,
                host: host,
                "\(SSHLibrary.name) failed while \(activity) (\(said), \(code))"
            )
        }
    }
}
