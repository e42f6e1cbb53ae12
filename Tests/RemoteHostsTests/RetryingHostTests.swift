import Synchronization
import Testing

@testable import RemoteHosts

/// A clock that notes how long it was asked to wait, and does not wait.
private final class NotingClock: Clock {
    typealias Instant = ContinuousClock.Instant
    let waits = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    var noted: [Duration] { waits.withLock { $0 } }

    var now: Instant { start + waits.withLock { $0.reduce(.zero, +) } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let wait = deadline - now
        waits.withLock { $0.append(wait) }
    }
}

/// A host that fails as it is told, then succeeds.
private final class FailingHost: RemoteHost {
    let name = "tokyo"
    let failures: Mutex<[RemoteHostError.Code]>
    let calls = Mutex(0)
    /// What happens while a call goes on.
    let beforeEach = Mutex<(@Sendable () -> Void)?>(nil)
    var callCount: Int { calls.withLock { $0 } }

    init(_ failures: [RemoteHostError.Code]) {
        self.failures = Mutex(failures)
    }

    private func next() throws {
        calls.withLock { $0 += 1 }
        beforeEach.withLock { $0 }?()
        let code = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let code { throw RemoteHostError(code, host: name, "told to fail") }
    }

    func connect() async throws -> ConnectionFacts {
        try next()
        return try await LocalHost(name: name).connect()
    }

    func run(_ command: RemoteCommand) async throws -> CommandResult {
        try next()
        return CommandResult(exitCode: 1)
    }

    func upload(_ file: UploadFile, progress: (@Sendable (TransferProgress) -> Void)?) async throws -> TransferOutcome {
        try next()
        return TransferOutcome(bytes: 0, sentBytes: 0, seconds: 0, sha256: "")
    }

    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try next()
        return TransferOutcome(bytes: 0, sentBytes: 0, seconds: 0, sha256: "")
    }

    func close() async {}
}

/// Keeps what it is told.
private final class Notices: Sendable {
    private let list = Mutex<[HostNotice]>([])

    var told: [HostNotice] { list.withLock { $0 } }

    @Sendable func note(_ notice: HostNotice) { list.withLock { $0.append(notice) } }
}

@Suite struct RetryingHostTests {
    private let clock = NotingClock()
    private let question = RemoteCommand("uname", isIdempotent: true)

    private let notices = Notices()

    private func retrying(_ host: FailingHost, patience: Duration = .seconds(30)) -> RetryingHost {
        RetryingHost(
            host,
            patience: .init(connecting: patience, working: patience),
            backoff: .seconds(1),
            clock: clock,
            jitter: { 0.5 },
            notice: notices.note
        )
    }

    @Test func connectingIsTriedAgainWithLongerAndLongerPausesAndSaysWhyAndUntilWhen() async throws {
        let host = FailingHost([.unreachable, .connectionLost, .unreachable, .unreachable])
        _ = try await retrying(host).connect()
        #expect(host.callCount == 5)
        #expect(clock.noted == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
        let told = notices.told
        let left: [Duration] = [.seconds(30), .milliseconds(29_500), .milliseconds(28_500), .milliseconds(26_500)]
        #expect(told == left.map { .retrying(reason: "told to fail", left: $0) } + [.answers])
    }

    @Test func whenThePatienceIsOverTheErrorComesThrough() async throws {
        let host = FailingHost(Array(repeating: .unreachable, count: 99))
        #expect(try await hostError { try await retrying(host).connect() }.code == .unreachable)
        // The last pause is as long as what is left.
        #expect(clock.noted.reduce(.zero, +) == .seconds(30) && clock.noted.last == .milliseconds(2500))
        #expect(notices.told.last == .givenUp)
        let once = FailingHost([.unreachable])
        #expect(try await hostError { try await retrying(once, patience: .zero).connect() }.code == .unreachable)
        #expect(once.callCount == 1)
    }

    @Test func aTryThatBroughtSomethingBeginsThePatienceAnew() async throws {
        let host = FailingHost(Array(repeating: .connectionLost, count: 4))
        let slow = clock
        host.beforeEach.withLock { $0 = { slow.waits.withLock { $0.append(.seconds(50)) } } }
        _ = try await retrying(host).upload(UploadFile(localPath: "a", remotePath: "b"))
        #expect(host.callCount == 5)
        let endless = FailingHost(Array(repeating: .connectionLost, count: 99))
        endless.beforeEach.withLock { $0 = { slow.waits.withLock { $0.append(.seconds(50)) } } }
        let file = UploadFile(localPath: "a", remotePath: "b")
        #expect(try await hostError { try await retrying(endless).upload(file) }.code == .connectionLost)
        #expect(endless.callCount < 20)
    }

    @Test(
        "What trying again cannot mend is not tried again",
        arguments: RemoteHostError.Code.allCases.filter {
            $0 != .unreachable && $0 != .connectionLost
        }
    )
    func hopeless(code: RemoteHostError.Code) async throws {
        let host = FailingHost([code])
        #expect(try await hostError { try await retrying(host).connect() }.code == code)
        #expect(host.callCount == 1 && clock.noted.isEmpty)
    }

    @Test func onlyACommandThatMayRunTwiceIsRepeated() async throws {
        let first = FailingHost([.connectionLost])
        #expect(try await hostError { try await retrying(first).run("rm x") }.code == .connectionLost)
        #expect(first.callCount == 1)
        let second = FailingHost([.connectionLost])
        // A command that fails is no failure of the connection.
        #expect(try await retrying(second).run(question).exitCode == 1)
        #expect(second.callCount == 2)
    }

    @Test func aTransferThatIsCutIsBegunAgain() async throws {
        let host = FailingHost([.connectionLost, .unreachable, .connectionLost])
        let file = UploadFile(localPath: "a", remotePath: "b")
        _ = try await retrying(host).upload(file)
        #expect(host.callCount == 4)
        _ = try await retrying(FailingHost([.connectionLost])).download("b", to: "a", limitBytes: 1)
        let damaged = FailingHost([.hashMismatch])
        #expect(try await hostError { try await retrying(damaged).upload(file) }.code == .hashMismatch)
        #expect(damaged.callCount == 1)
    }

    @Test func aCancelledWaitEndsTheTrying() async throws {
        let host = FailingHost(Array(repeating: .unreachable, count: 9))
        let patient = RetryingHost(host, backoff: .seconds(1000), jitter: { 1 })
        let task = Task { try await patient.connect() }
        while host.callCount == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(host.callCount == 1)
    }
}
