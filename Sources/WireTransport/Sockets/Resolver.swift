import CSockets
import Synchronization

/// Looks names up on threads of their own, so that a slow DNS never stops the loop.
public final class Resolver {
    /// What a look-up gave.
    public typealias Answer = Result<[SocketAddress], TransportError>

    /// Looks a name up, however long it takes.
    typealias LookUp = @Sendable (_ host: String, _ port: Int) throws -> [SocketAddress]

    private struct Waiting {
        var completion: (Answer) -> Void
        var limit: TimerID
    }

    private let answers = AnswerBox()
    private let loop: EventLoop
    private let limitNs: Int64
    private let lookUp: LookUp
    private var waiting: [UInt64: Waiting] = [:]
    private var lastTicket: UInt64 = 0
    private var waker: Waker?

    /// A resolver whose answers arrive on `loop`.
    public convenience init(loop: EventLoop) throws {
        try self.init(loop: loop) { try SocketAddress.resolve(host: $0, port: $1) }
    }

    /// A resolver by other means.
    ///
    /// - Parameter limitNs: how long a look-up may take. The system's own limit is several times the standard one when
    ///   there are several name servers.
    init(loop: EventLoop, limitNs: Int64 = 15_000_000_000, lookUp: @escaping LookUp) throws {
        self.loop = loop
        self.limitNs = limitNs
        self.lookUp = lookUp
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
        let ticket = lastTicket
        let limit = loop.schedule(afterNs: limitNs) { [weak self, limitNs] in
            let error = TransportError(
                .unresolved,
                "cannot resolve \(host): no answer within \(limitNs / 1_000_000) ms; check the host's DNS (/etc/resolv.conf)"
            )
            self?.waiting.removeValue(forKey: ticket)?.completion(.failure(error))
        }
        waiting[ticket] = Waiting(completion: completion, limit: limit)
        let job = ResolverJob(
            ticket: ticket,
            host: host,
            port: port,
            lookUp: lookUp,
            box: answers,
            // A descriptor of the job's own, so that a late answer never writes into a closed or reused one.
            wakeDescriptor: dup(waker.signalDescriptor)
        )
        Self.startThread(job)
    }

    /// Has this process look names up in /etc/hosts and by DNS only, whatever the host's nsswitch.conf says.
    ///
    /// Those two are built into libc. All else is modules of the host's own libc, which a static program, built with
    /// another version, would load, and then fail or crash. Call it before the first look-up.
    public static func useOnlyFilesAndDNS() {
        _ = latexp_use_builtin_lookups()
    }

    private func deliver() {
        for (ticket, answer) in answers.take() {
            guard let item = waiting.removeValue(forKey: ticket) else { continue }
            loop.cancel(item.limit)
            item.completion(answer)
        }
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
    let lookUp: Resolver.LookUp
    let box: AnswerBox
    let wakeDescriptor: Int32

    init(
        ticket: UInt64,
        host: String,
        port: Int,
        lookUp: @escaping Resolver.LookUp,
        box: AnswerBox,
        wakeDescriptor: Int32
    ) {
        self.ticket = ticket
        self.host = host
        self.port = port
        self.lookUp = lookUp
        self.box = box
        self.wakeDescriptor = wakeDescriptor
    }

    func run() {
        let answer: Resolver.Answer
        do {
            answer = .success(try lookUp(host, port))
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
