import ExperimentModel
import Foundation
import Orchestration
import Synchronization

/// Shows a run to programs: an event a line, as JSON, on standard error.
final class EventPrinter: ProgressObserver {
    /// Between two looks at the agents; what people see moves more often.
    static let liveInterval = Duration.seconds(1)

    private let terminal: Terminal
    private let lastLook = Mutex<ContinuousClock.Instant?>(nil)
    private let lastTrouble = Mutex<(hosts: [String], at: ContinuousClock.Instant)>(([], .now))

    init(terminal: Terminal = .errors) {
        self.terminal = terminal
    }

    func runBegan(_ directory: RunDirectory) {
        write(.runBegan(run: directory.id, directory: directory.url.path, version: LatexpVersion.text))
    }

    func phaseBegan(_ name: String) { write(.phaseBegan(name)) }

    func checked(_ check: CheckRecord) { write(.checked(check)) }

    func waiting(_ text: String) { write(.waiting(text)) }

    func phaseEnded(_ phase: PhaseRecord) { write(.phaseEnded(phase)) }

    func live(_ view: LiveView) {
        let isDue = lastLook.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < Self.liveInterval { return false }
            last = now
            return true
        }
        if isDue { write(.live(view)) }
    }

    func unanswered(_ hosts: [String: String], answersAgain host: String?) {
        let names = hosts.keys.sorted()
        let isDue = lastTrouble.withLock { last in
            let now = ContinuousClock.now
            if last.hosts == names, names.isEmpty || now - last.at < Self.liveInterval { return false }
            last = (names, now)
            return true
        }
        if isDue { write(.unanswered(hosts)) }
    }

    func say(_ text: String) { terminal.write("\(text)\n") }

    func finish() {}

    private func write(_ event: RunEvent) { terminal.write(event.line + "\n") }
}
