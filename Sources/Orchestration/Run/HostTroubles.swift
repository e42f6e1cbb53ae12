import RemoteHosts
import Synchronization

/// The hosts of a run that do not answer just now, told to whoever watches until they do.
///
/// Whatever a phase waits for, a host that is cut off is named, with the time since it was and until when it is tried.
final class HostTroubles: Sendable {
    private struct Trouble {
        var since: Duration
        var reason: String?
        var until: Duration?
    }

    private struct State {
        var troubles: [String: Trouble] = [:]
        var isMuted = false
        var isTelling = false
    }

    /// Between two tellings of the same troubles: their seconds go on.
    private static let interval = Duration.milliseconds(500)

    private let clock: any RunClock
    private let observer: any RunObserver
    private let state = Mutex(State())

    init(clock: any RunClock, observer: any RunObserver) {
        self.clock = clock
        self.observer = observer
    }

    /// What a host with this name tells its notices.
    func notice(of host: String) -> @Sendable (HostNotice) -> Void { { self.hear($0, of: host) } }

    /// While a phase draws the hosts itself, nothing is told of them here.
    func mute(_ isMuted: Bool) {
        state.withLock { $0.isMuted = isMuted }
        tell()
    }

    func hear(_ notice: HostNotice, of host: String) {
        let now = clock.elapsed
        let (hasChanged, beginsTelling) = state.withLock { state in
            let known = state.troubles[host]
            switch notice {
            case .answers, .givenUp:
                guard known != nil else { return (false, false) }
                state.troubles[host] = nil
                return (true, false)
            case .silent(let duration):
                state.troubles[host] = known ?? Trouble(since: now - duration)
            case .retrying(let reason, let left):
                state.troubles[host] = Trouble(since: known?.since ?? now, reason: reason, until: now + left)
            }
            defer { state.isTelling = true }
            return (true, !state.isTelling)
        }
        if hasChanged { tell(answering: notice == .answers ? host : nil) }
        if beginsTelling { Task { await self.keepTelling() } }
    }

    private func keepTelling() async {
        while true {
            try? await clock.sleep(for: Self.interval)
            let isOver = state.withLock { state in
                state.isTelling = !state.troubles.isEmpty
                return state.troubles.isEmpty
            }
            if isOver { return }
            tell()
        }
    }

    private func tell(answering host: String? = nil) {
        let now = clock.elapsed
        let (texts, isMuted) = state.withLock { state in
            (state.isMuted ? [:] : state.troubles.mapValues { Self.text($0, at: now) }, state.isMuted)
        }
        observer.unanswered(texts, answersAgain: isMuted ? nil : host)
    }

    /// Words that follow the host's name.
    private static func text(_ trouble: Trouble, at now: Duration) -> String {
        var text = "not reached for \(max(0, Int((now - trouble.since).inSeconds))) s"
        if let until = trouble.until, until > now {
            text += ", tried for \(Int((until - now).inSeconds.rounded(.up))) s more"
        }
        return text + (trouble.reason.map { ": \($0)" } ?? "")
    }
}
