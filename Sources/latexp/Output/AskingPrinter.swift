import ExperimentModel
import Orchestration
import Synchronization

/// Says on standard error which hosts are waited for: on a terminal for as long as that is so, else in lines.
final class AskingPrinter: ProgressObserver {
    private let terminal: Terminal
    private let printer: RunPrinter
    private let lastText = Mutex("")

    init(terminal: Terminal = .errors) {
        self.terminal = terminal
        self.printer = RunPrinter(terminal: terminal)
    }

    func runBegan(_ directory: RunDirectory) {}
    func phaseBegan(_ name: String) {}
    func checked(_ check: CheckRecord) {}
    func unanswered(_ hosts: [String: String], answersAgain host: String?) {
        printer.unanswered(hosts, answersAgain: host)
    }
    func live(_ view: LiveView) {}
    func phaseEnded(_ phase: PhaseRecord) {}

    func waiting(_ text: String) {
        if terminal.isInteractive { return printer.waiting(text) }
        let isNew = lastText.withLock { last in
            defer { last = text }
            return last != text
        }
        if isNew { terminal.write("latexp: \(text)\n") }
    }

    func say(_ text: String) { printer.say(text) }

    func finish() { printer.finish() }
}
