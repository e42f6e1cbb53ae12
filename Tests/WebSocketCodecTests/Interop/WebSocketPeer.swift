import WebSocketCodec

/// One end of a WebSocket connection over a blocking socket, made of this module's parts.
struct WebSocketPeer: ~Copyable {
    private let socket: LoopbackSocket
    private var encoder: FrameEncoder<SystemRandomNumberGenerator>
    private var receiver: Receiver
    private var nextEvent = 0

    /// Dials a server and asks for the upgrade.
    static func connect(port: UInt16) throws -> WebSocketPeer {
        let socket = try LoopbackSocket.dialing(port: port)
        var generator = SystemRandomNumberGenerator()
        let request = try UpgradeRequest(
            host: "127.0.0.1",
            port: Int(port),
            isSecure: false,
            target: "/ws/echo",
            key: UpgradeRequest.randomKey(using: &generator)
        )
        try socket.send(request.bytes)
        var parser = UpgradeResponseParser(for: request)
        var bytes: [UInt8] = []
        while true {
            let piece = try socket.receive()
            bytes += piece
            switch try bytes.withUnsafeBytes({ try parser.next($0, isEnd: piece.isEmpty) }) {
            case .accepted(let acceptance):
                return try WebSocketPeer(socket, role: .client, rest: bytes[acceptance.consumedBytes...])
            case .refused(let refusal):
                throw WebSocketError(.handshakeRejected, "refused with \(refusal.status) \(refusal.reason)")
            case nil:
                continue
            }
        }
    }

    /// Takes a client and answers its upgrade request.
    static func accept(_ listener: borrowing LoopbackSocket) throws -> WebSocketPeer {
        let socket = try listener.nextClient()
        var parser = IncomingUpgradeParser()
        var bytes: [UInt8] = []
        while true {
            let piece = try socket.receive()
            guard !piece.isEmpty else { throw WebSocketError(.malformedHead, "the client went away") }
            bytes += piece
            switch bytes.withUnsafeBytes({ parser.next($0) }) {
            case .upgrade(let upgrade):
                try socket.send(upgrade.acceptance())
                return try WebSocketPeer(socket, role: .server, rest: bytes[upgrade.consumedBytes...])
            case .reject(let answer):
                try socket.send(answer.bytes)
                throw WebSocketError(.malformedHead, "the client's request got \(answer.status)")
            case nil:
                continue
            }
        }
    }

    private init(_ socket: consuming LoopbackSocket, role: Role, rest: ArraySlice<UInt8>) throws {
        self.socket = socket
        self.encoder = FrameEncoder(role: role)
        self.receiver = Receiver(role, validatesUTF8: true)
        try receiver.feed(rest)
    }

    /// The next frame, whole messages put together; `nil` at the end of the stream.
    mutating func next() throws -> Event? {
        while nextEvent == receiver.events.count {
            let bytes = try socket.receive()
            guard !bytes.isEmpty else { return nil }
            try receiver.feed(bytes)
        }
        nextEvent += 1
        return receiver.events[nextEvent - 1]
    }

    mutating func send(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) throws {
        var bytes: [UInt8] = []
        encoder.append(opcode, payload, isFinal: isFinal, to: &bytes)
        try socket.send(bytes)
    }

    mutating func sendText(_ text: String) throws {
        try send(.text, Array(text.utf8))
    }

    mutating func sendClose(_ code: UInt16?, reason: String = "") throws {
        var bytes: [UInt8] = []
        encoder.appendClose(code, reason: reason, to: &bytes)
        try socket.send(bytes)
    }

    /// Ends the TCP connection, which the other side may be waiting for.
    consuming func close() {}
}
