import ExperimentModel
import WireTransport

/// A TCP proxy on loopback that delivers everything later, as a long way would, on a thread of its own.
public final class Link: Sendable {
    /// Which link it is.
    public let name: LinkName
    /// The loopback port to dial.
    public let port: Int
    private let thread: LoopThread<LinkListener>

    /// Opens the link to a port of this machine.
    ///
    /// - Throws: `TransportError` when no port can be listened on.
    public init(
        _ name: LinkName,
        _ specification: LabSpecification.Link,
        seed: UInt64,
        targetPort: Int,
        observer: any LinkObserver
    ) throws {
        self.name = name
        thread = try LoopThread("link \(name.rawValue)") { loop in
            let target = try SocketAddress.resolve(host: "127.0.0.1", port: targetPort)
            guard let target = target.first else { throw LabError(.system, "127.0.0.1 is not known here") }
            return try LinkListener(
                name,
                LinkContext(loop: loop, specification: specification, seed: seed, target: target, observer: observer)
            )
        }
        port = thread.ask { $0.port } ?? 0
    }

    /// The number of connections that are open now.
    public var connectionCount: Int { thread.ask { $0.connectionCount } ?? 0 }

    /// Closes the port and every connection.
    public func stop() {
        thread.stop { $0.close() }
    }
}

/// What the connections of one link share.
final class LinkContext {
    let loop: EventLoop
    let specification: LabSpecification.Link
    let seed: UInt64
    let target: SocketAddress
    let observer: any LinkObserver
    /// Reads go here first: large, so that one read takes all that one write brought.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

    init(
        loop: EventLoop,
        specification: LabSpecification.Link,
        seed: UInt64,
        target: SocketAddress,
        observer: any LinkObserver
    ) {
        self.loop = loop
        self.specification = specification
        self.seed = seed
        self.target = target
        self.observer = observer
    }

    deinit { scratch.deallocate() }
}

/// A link's port and its connections, on the link's thread.
private final class LinkListener {
    /// More connections than any run opens; beyond, new ones are closed at once.
    private static let connectionLimit = 1_000

    private let name: LinkName
    private let context: LinkContext
    private let listener: ListeningSocket
    private var connections: [Int: LinkConnection] = [:]
    private var nextNumber = 0

    var port: Int { listener.port }
    var connectionCount: Int { connections.count }

    init(_ name: LinkName, _ context: LinkContext) throws {
        self.name = name
        self.context = context
        listener = try ListeningSocket(host: "127.0.0.1", port: 0)
        listener.onAccept = { [unowned self] in accept($0) }
        context.loop.add(listener)
    }

    private func accept(_ socket: StreamSocket) {
        guard connections.count < Self.connectionLimit else { return }
        let number = nextNumber
        nextNumber += 1
        let connection = LinkConnection(socket, id: LinkConnectionID(link: name, number: number), context: context)
        connections[number] = connection
        connection.onClose = { [unowned self] in connections[number] = nil }
    }

    func close() {
        for connection in Array(connections.values) { connection.close() }
        context.loop.remove(listener)
    }
}
