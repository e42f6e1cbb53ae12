import CSockets
import Synchronization

/// Looks names up on threads of their own, so that a slow DNS never stops the loop.
public final class Resolver {
    /// What a look-up gave.
    public typealias Answer = Result<[SocketAddress], TransportError>

    private let answers = AnswerBox()
    private let loop: EventLoop
    private var waiting: [UInt64: (Answer) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var waker: Waker?

    /// A resolver whose answers arrive on `loop`.
    public init(loop: EventLoop) throws {
        self.loop = loop
        let waker = try Waker { [weak self] in self?.deliver() }
        self.waker = waker
        loop.add(waker)
    }

    deinit {
        if let waker { loop.remove(waker) }
    }

    /// Looks `host` up and calls `completion` on the loop, never before this returns.
    public func resolve(host: String, port: Int, _ completion: @escaping (Answer) -> Void) {
        guard let waker else { return }
        lastTicket += 1
        waiting[lastTicket] = completion
        let job = ResolverJob(
            ticket: lastTicket,
            host: host,
            port: port,
            box: answers,
            // A descriptor of the job's own, so that a late answer never writes into a closed or reused one.
            wakeDescriptor: dup(waker.signalDescriptor)
        )
        Self.startThread(job)
    }

    private func deliver() {
        for (ticket, answer) in answers.take() { waiting.removeValue(forKey: ticket)?(answer) }
    }

    private static func startThread(_ job: ResolverJob) {
        do {
            try SystemThread { job.run() }.detach()
        } catch {
            job.run()
        }
    }
}

/// One look-up.
private final class ResolverJob: Sendable {
    let ticket: UInt64
    let host: String
    let port: Int
    let box: AnswerBox
    let wakeDescriptor: Int32

    init(ticket: UInt64, host: String, port: Int, box: AnswerBox, wakeDescriptor: Int32) {
        self.ticket = ticket
        self.host = host
        self.port = port
        self.box = box
        self.wakeDescriptor = wakeDescriptor
    }

    func run() {
        let answer: Resolver.Answer
        do {
            answer = .success(try SocketAddress.resolve(host: host, port: port))
        } catch let error as TransportError {
            answer = .failure(error)
        } catch {
            answer = .failure(TransportError(.unresolved, "cannot resolve \(host): \(error)"))
        }
        box.put(ticket, answer)
        Waker.wake(wakeDescriptor)
        close(wakeDescriptor)
    }
}

/// Answers on their way from the look-ups' threads to the loop's.
private final class AnswerBox: Sendable {
    private let answers = Mutex<[(UInt64, Resolver.Answer)]>([])

    func put(_ ticket: UInt64, _ answer: Resolver.Answer) {
        answers.withLock { $0.append((ticket, answer)) }
    }

    func take() -> [(UInt64, Resolver.Answer)] {
        answers.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
