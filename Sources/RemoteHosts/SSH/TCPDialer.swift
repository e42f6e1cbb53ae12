import Foundation

/// Makes a TCP connection within limits of time, woken by cancellation.
struct TCPDialer {
    let host: String
    let wake: WakePipe
    let limits: SSHLimits
    /// Told that the host does not answer.
    var notice: (@Sendable (HostNotice) -> Void)?

    /// How long an answer may take: one lost packet, and the longest round trip.
    private static let answerTime = Duration.seconds(3)

    /// Connects to the first address of a name that answers; returns the socket and the numeric address.
    func dial(_ address: String, port: Int) throws -> (socket: Int32, numericAddress: String) {
        var failures: [String] = []
        var reasons: [String] = []
        let candidates = try lookUp(address, port: port)
        for (index, candidate) in candidates.enumerated() {
            // An address that swallows packets must leave time for the next one.
            let share = (limits.deadline - ContinuousClock.now) / (candidates.count - index)
            do {
                return (try connect(to: candidate, until: .now + share), candidate.numericAddress)
            } catch let error as RemoteHostError where error.code == .unreachable {
                failures.append("\(candidate.numericAddress): \(error.message)")
                if !reasons.contains(error.message) { reasons.append(error.message) }
            }
        }
        throw RemoteHostError(
            .unreachable,
            host: host,
            "no connection to \(address) port \(port) (\(failures.joined(separator: "; "))): is the machine up, "
                + "and may port \(port) be reached from here?",
            brief: reasons.joined(separator: ", ")
        )
    }

    private struct Candidate {
        let bytes: [UInt8]
        let family: Int32
        let numericAddress: String
    }

    private func lookUp(_ address: String, port: Int) throws -> [Candidate] {
        var hints = addrinfo()
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address, String(port), &hints, &list)
        guard code == 0 else {
            throw RemoteHostError(
                .unreachable,
                host: host,
                "the address '\(address)' cannot be looked up: \(String(cString: gai_strerror(code)))"
            )
        }
        defer { freeaddrinfo(list) }
        var candidates: [Candidate] = []
        var next = list
        while let info = next?.pointee {
            next = info.ai_next
            guard let socketAddress = info.ai_addr else { continue }
            var text = [CChar](repeating: 0, count: 128)
            let named = getnameinfo(socketAddress, info.ai_addrlen, &text, 128, nil, 0, NI_NUMERICHOST)
            let bytes = [UInt8](UnsafeRawBufferPointer(start: socketAddress, count: Int(info.ai_addrlen)))
            let numeric = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            candidates.append(
                Candidate(bytes: bytes, family: info.ai_family, numericAddress: named == 0 ? numeric : address)
            )
        }
        return candidates
    }

    private func connect(to candidate: Candidate, until deadline: ContinuousClock.Instant) throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(candidate.family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(candidate.family, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw unreachable(errno) }
        do {
            try configure(descriptor)
            let started = candidate.bytes.withUnsafeBytes { raw in
                raw.withMemoryRebound(to: sockaddr.self) { rebound in
                    Foundation.connect(descriptor, rebound.baseAddress, socklen_t(candidate.bytes.count))
                }
            }
            if started != 0 {
                guard errno == EINPROGRESS else { throw unreachable(errno) }
                try waitUntilConnected(descriptor, until: deadline)
            }
            return descriptor
        } catch {
            closeDescriptor(descriptor)
            throw error
        }
    }

    private func configure(_ descriptor: Int32) throws {
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else { throw unreachable(errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        // While nothing runs nobody reads the socket: the kernel keeps address translators awake and notices a dead
        // peer.
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        #if canImport(Glibc)
            set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 20)
        #else
            set(descriptor, SOL_SOCKET, SO_NOSIGPIPE, 1)
            set(descriptor, IPPROTO_TCP, TCP_KEEPALIVE, 20)
        #endif
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    }

    private func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func waitUntilConnected(_ descriptor: Int32, until deadline: ContinuousClock.Instant) throws {
        let begin = ContinuousClock.now
        while true {
            try Task.checkCancellation()
            let waited = ContinuousClock.now - begin
            if waited >= Self.answerTime { notice?(.silent(waited)) }
            let remaining = deadline - ContinuousClock.now
            guard remaining > .zero else { throw unreachable(ETIMEDOUT) }
            var watched = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&watched, nfds_t(watched.count), min(remaining, .seconds(1)).pollMilliseconds)
            if watched[1].revents != 0 { wake.drain() }
            guard watched[0].revents != 0 else { continue }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
                throw unreachable(code)
            }
            return
        }
    }

    private func unreachable(_ code: Int32) -> RemoteHostError {
        RemoteHostError(.unreachable, host: "", String(cString: strerror(code)))
    }
}
