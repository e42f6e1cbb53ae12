import ExperimentModel
import WireTransport

/// One attempt of a forwarder's lane to agree with the receiver over UDP, and the session that comes of it.
final class RelayDatagramLink {
    let socket: DatagramSocket
    let address: SocketAddress
    /// The number of the session, drawn anew for each attempt.
    let session: UInt64
    let header: RelayDatagram.Header
    /// Nil before the receiver's challenge.
    private(set) var keys: RelayDatagram.Keys?
    /// What is to be sent until it is answered: a long HELLO, then the answer to the challenge.
    var greeting: [UInt8]
    /// When the receiver was heard last, monotonic.
    var heardNs = HostClock.monotonicNs()

    /// An attempt that has sent nothing yet.
    ///
    /// - Throws: `TransportError` when there is no way to the address.
    init(to address: SocketAddress, hello: RelayProtocol.Hello) throws {
        socket = try DatagramSocket.connect(to: address)
        self.address = address
        session = UInt64.random(in: 1 ... .max)
        header = RelayDatagram.Header(session: session)
        let frame = RelayProtocol.hello(hello)
        let room = RelayDatagram.firstHelloSize - RelayDatagram.headerSize - frame.count - RelayProtocol.headerSize
        greeting = frame + RelayProtocol.frame(.padding, body: [UInt8](repeating: 0, count: max(0, room)))
    }

    /// Takes the receiver's challenge, which the next greeting answers with what was done before this session; false
    /// when there has been one.
    ///
    /// - Throws: `AgentError` `versionMismatch`, `protocolViolation`.
    func take(
        challenge body: [UInt8],
        _ hello: RelayProtocol.Hello,
        secret: [UInt8]?,
        _ totals: @autoclosure () -> SenderTotals
    ) throws -> Bool {
        let nonce = try RelayProtocol.readChallenge(body)
        guard keys == nil else { return false }
        keys = RelayDatagram.Keys(secret: secret, nonce: nonce, session: session, hello: hello)
        var proven = hello
        proven.proof = secret.map { RelayProtocol.proof(secret: $0, nonce: nonce, hello: hello) }
        greeting =
            RelayProtocol.challenge(nonce: nonce, proofRequired: secret != nil) + RelayProtocol.hello(proven)
            + RelayProtocol.totals(.soFar, totals())
        return true
    }

    /// Sends frames, signed as soon as there are keys; as `DatagramSocket.send`.
    func send(_ frames: [UInt8]) -> Int {
        frames.withUnsafeBytes { socket.send(header.sign($0, keys?.forwarder), $0) }
    }
}
