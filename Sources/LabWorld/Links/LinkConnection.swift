import ExperimentModel
import WireTransport

/// One connection through a link: the dialling side's socket, the target's, and a flow each way.
///
/// Establishing it costs what it would cost over the simulated distance: the dialling side's first octets count as sent
/// one round trip after its connect, and the target sees the connection half a round trip later.
final class LinkConnection {
    let id: LinkConnectionID
    private let context: LinkContext
    private let near: LinkEnd
    private var far: LinkEnd?
    private let outward: LinkFlow
    private let inward: LinkFlow
    private var isClosed = false
    private var connectTimer: TimerID?
    /// Called once when the connection is over.
    var onClose: (() -> Void)?

    init(_ socket: StreamSocket, id: LinkConnectionID, context: LinkContext) {
        self.id = id
        self.context = context
        let observesInward = id.link.dataComesFromTarget
        let observer = context.observer
        let report = { (delivery: LinkDelivery, bytes: UnsafeRawBufferPointer) in
            observer.linkDelivered(id, delivery, bytes)
        }
        func flow(_ direction: String, isObserved: Bool) -> LinkFlow {
            LinkFlow(
                delay: LinkDelay(
                    context.specification,
                    seed: context.seed,
                    purpose: "\(id.link.rawValue) \(id.number) \(direction)"
                ),
                loop: context.loop,
                onDelivery: isObserved ? report : { _, _ in }
            )
        }
        outward = flow("outward", isObserved: !observesInward)
        inward = flow("inward", isObserved: observesInward)
        near = LinkEnd(socket, reads: outward, writes: inward)
        inward.sink = socket
        let delayNs = context.specification.delay.ns
        let nowNs = HostClock.monotonicNs()
        outward.openMonotonicNs = nowNs + 2 * delayNs
        adopt(near)
        outward.onDue = { [weak self] in self?.pump() }
        inward.onDue = { [weak self] in self?.pump() }
        connectTimer = context.loop.schedule(atMonotonicNs: nowNs + 3 * delayNs) { [weak self] in
            self?.connectToTarget()
        }
    }

    private func connectToTarget() {
        do {
            let end = LinkEnd(try StreamSocket.connect(to: context.target), reads: inward, writes: outward)
            end.isConnecting = true
            end.onConnected = { [weak self] failure in self?.connected(failure) }
            far = end
            adopt(end)
        } catch {
            close()
        }
    }

    private func connected(_ failure: Int32?) {
        guard failure == nil, let far else { return close() }
        context.observer.linkConnected(id, localPort: far.socket.localAddress?.port ?? 0)
        outward.open(far.socket)
        pump()
    }

    private func adopt(_ end: LinkEnd) {
        end.scratch = context.scratch
        end.onReady = { [weak self] in self?.pump() }
        context.loop.add(end)
    }

    private func pump() {
        guard !isClosed else { return }
        for flow in [inward, outward] where flow.deliver() != nil { return close() }
        if inward.isFinished, outward.isFinished { close() }
    }

    /// Ends the connection at once, both ways.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let connectTimer { context.loop.cancel(connectTimer) }
        for flow in [inward, outward] { flow.close() }
        for end in [near, far].compactMap({ $0 }) {
            end.isClosed = true
            context.loop.remove(end)
        }
        context.observer.linkClosed(id)
        onClose?()
    }
}

/// One socket of a connection through a link.
private final class LinkEnd: LoopMember {
    let socket: StreamSocket
    private let reads: LinkFlow
    private let writes: LinkFlow
    var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var isConnecting = false
    var isClosed = false
    var onConnected: ((Int32?) -> Void)?
    var onReady: (() -> Void)?

    init(_ socket: StreamSocket, reads: LinkFlow, writes: LinkFlow) {
        self.socket = socket
        self.reads = reads
        self.writes = writes
    }

    var descriptor: Int32 { isClosed ? -1 : socket.descriptor }
    var wantsToRead: Bool { !isConnecting && reads.wantsToRead }
    var wantsToWrite: Bool { isConnecting || writes.wantsToWrite }

    func ready(toRead: Bool, toWrite: Bool) {
        if isConnecting {
            guard toWrite else { return }
            isConnecting = false
            onConnected?(socket.connectionFailure())
            return
        }
        if toRead { reads.read(from: socket, scratch: scratch) }
        if toRead || toWrite { onReady?() }
    }
}
