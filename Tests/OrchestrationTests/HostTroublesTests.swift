import ExperimentModel
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

struct HostTroublesTests {
    /// Notes what it is told of hosts that do not answer.
    private final class Listener: RunObserver {
        let told = Mutex<[String]>([])

        func phaseBegan(_ name: String) {}
        func checked(_ check: CheckRecord) {}
        func waiting(_ text: String) {}
        func live(_ view: LiveView) {}
        func phaseEnded(_ phase: PhaseRecord) {}
        func unanswered(_ hosts: [String: String], answersAgain host: String?) {
            let text = hosts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " | ")
            told.withLock { $0.append(host.map { "\(text)\($0) again" } ?? text) }
        }
    }

    /// A clock that stands; whoever sleeps on it waits until cancelled.
    private struct StandingClock: RunClock {
        let elapsed = Duration.seconds(100)
        let wallSeconds = 0.0
        func sleep(for duration: Duration) async throws { try await Task.sleep(for: .seconds(60)) }
    }

    private let listener = Listener()
    private var told: [String] { listener.told.withLock { $0 } }

    @Test("A host that falls silent is told with its seconds, why and until when it is tried, until it answers")
    func course() {
        let troubles = HostTroubles(clock: StandingClock(), observer: listener)
        let tokyo = troubles.notice(of: "tokyo")
        tokyo(.answers)
        #expect(told.isEmpty, "no news of a host that was no trouble")
        tokyo(.silent(.seconds(7)))
        tokyo(.retrying(reason: "Connection refused", left: .milliseconds(29_500)))
        troubles.notice(of: "frankfurt")(.silent(.seconds(3)))
        tokyo(.answers)
        troubles.notice(of: "frankfurt")(.givenUp)
        let retried = "tokyo not reached for 7 s, tried for 30 s more: Connection refused"
        #expect(
            told == [
                "tokyo not reached for 7 s",
                retried,
                "frankfurt not reached for 3 s | \(retried)",
                "frankfurt not reached for 3 stokyo again",
                "",
            ]
        )
    }

    @Test("Nothing is told while a phase draws the hosts itself, and what is still so is told afterwards")
    func muted() {
        let troubles = HostTroubles(clock: StandingClock(), observer: listener)
        troubles.mute(true)
        troubles.notice(of: "tokyo")(.silent(.seconds(7)))
        #expect(told.joined().isEmpty)
        troubles.mute(false)
        #expect(told.last == "tokyo not reached for 7 s")
    }
}
