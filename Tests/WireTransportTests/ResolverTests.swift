import Foundation
import Testing

@testable import WireTransport

@Suite(.timeLimit(.minutes(1)))
struct ResolverTests {
    private static func run(_ loop: EventLoop, until condition: () -> Bool) {
        let endNs = HostClock.monotonicNs() + 20_000_000_000
        while !condition(), HostClock.monotonicNs() < endNs { loop.runOnce(maximumWaitNs: 10_000_000) }
    }

    @Test("A look-up that takes too long has failed, and what comes of it later disturbs nothing")
    func tooLong() throws {
        let loop = EventLoop()
        let goOn = DispatchSemaphore(value: 0)
        let resolver = try Resolver(loop: loop, limitNs: 20_000_000) { host, _ in
            if host == "slow.lab" { goOn.wait() }
            return []
        }
        var answers: [String] = []
        resolver.resolve(host: "slow.lab", port: 1) { answer in
            if case .failure(let error) = answer { answers.append("\(error.code.rawValue): \(error.message)") }
        }
        Self.run(loop) { !answers.isEmpty }
        #expect(
            answers == [
                "unresolved: cannot resolve slow.lab: no answer within 20 ms; check the host's DNS (/etc/resolv.conf)"
            ]
        )
        goOn.signal()
        resolver.resolve(host: "quick.lab", port: 1) { answer in
            if case .success = answer { answers.append("quick") }
        }
        Self.run(loop) { answers.count > 1 }
        #expect(answers.dropFirst() == ["quick"])
    }
}
