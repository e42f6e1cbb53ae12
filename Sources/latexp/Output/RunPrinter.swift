import ExperimentModel
import Foundation
import Orchestration
import Synchronization

/// Shows a run on standard error.
protocol ProgressObserver: RunObserver {
    /// Says which run it is.
    func runBegan(_ directory: RunDirectory)
    /// Says something that is no event of the run, so that it stays to be read.
    func say(_ text: String)
    /// Takes away what was shown for the moment only.
    func finish()
}

/// Shows a run to people: lines for each phase, and live lines at the bottom.
///
/// On a terminal the live lines are redrawn in place, a few times a second; elsewhere one is written every ten seconds.
final class RunPrinter: ProgressObserver {
    private struct State {
        /// The live lines that stand at the bottom of the terminal.
        var shownLines = 0
        var lastPlainLine: ContinuousClock.Instant?
        var lastText = ""
        /// The hosts that the last look did not reach.
        var unreachable: Set<String> = []
        /// What is waited for.
        var waiting: String?
        /// The hosts that do not answer, with words that follow their names.
        var troubles: [String: String] = [:]
        var lastTrouble: ContinuousClock.Instant?
    }

    /// Between lines where they cannot be redrawn.
    static let plainInterval = Duration.seconds(10)

    private let terminal: Terminal
    private let text: PhaseText
    private let state = Mutex(State())

    init(terminal: Terminal = .errors) {
        self.terminal = terminal
        self.text = PhaseText(
            usesUnicode: terminal.usesUnicode,
            usesColour: terminal.usesColour,
            width: terminal.isInteractive ? terminal.width : nil
        )
    }

    func phaseBegan(_ name: String) { write(name) }

    func checked(_ check: CheckRecord) { write(text.line(check)) }

    func phaseEnded(_ phase: PhaseRecord) {
        state.withLock { state in
            state.lastPlainLine = nil
            state.waiting = nil
        }
        write(text.line(phase))
    }

    func waiting(_ text: String) {
        guard terminal.isInteractive else { return showPlain("  " + text) }
        state.withLock { state in
            state.waiting = text
            drawWaiting(&state)
        }
    }

    func unanswered(_ hosts: [String: String], answersAgain host: String?) {
        state.withLock { state in
            let before = state.troubles
            state.troubles = hosts
            if terminal.isInteractive {
                if !(before.isEmpty && hosts.isEmpty) { drawWaiting(&state) }
            } else {
                writeTroubles(&state, before: before, answersAgain: host)
            }
        }
    }

    func runBegan(_ directory: RunDirectory) {
        terminal.write("latexp \(LatexpVersion.text), run \(directory.id)\n")
    }

    func live(_ view: LiveView) {
        guard terminal.isInteractive else {
            let line = "  " + LiveLine.draw(view, width: 240)
            return showPlain(line, unreachable: Set(view.unreachable.keys))
        }
        let lines = LiveBlock.draw(view, width: terminal.width - 1, usesUnicode: terminal.usesUnicode)
        state.withLock { state in
            state.waiting = nil
            draw(lines, &state)
        }
    }

    func say(_ text: String) {
        // The terminal has echoed the key that led to this.
        guard terminal.isInteractive, state.withLock({ $0.shownLines > 0 }) else {
            return terminal.write("\n\(text)\n")
        }
        write(text)
    }

    /// Takes the live lines away.
    func finish() {
        state.withLock { state in
            state.waiting = nil
            state.troubles = [:]
            draw([], &state)
        }
    }

    private func write(_ line: String) {
        state.withLock { state in
            // Whoever still waits says so again.
            state.waiting = nil
            draw([], &state)
            terminal.write(line + "\n")
        }
    }

    /// What is waited for, and below it the hosts that do not answer.
    private func drawWaiting(_ state: inout State) {
        // Nothing may come between a question and its answer.
        guard !Passphrase.isAsking else { return }
        let troubles = state.troubles.sorted { $0.key < $1.key }.map { "! \($0.key) \($0.value)" }
        let lines = ([state.waiting].compactMap { $0 } + troubles).map { "  \($0)" }
        draw(lines.map { String($0.prefix(max(1, terminal.width - 1))) }, &state)
    }

    /// Where lines cannot be redrawn: at once when a host falls silent and when it answers again, and now and then
    /// in between.
    private func writeTroubles(_ state: inout State, before: [String: String], answersAgain host: String?) {
        let now = ContinuousClock.now
        let isNew = !Set(state.troubles.keys).isSubset(of: before.keys)
        let isDue = state.lastTrouble.map { now - $0 >= Self.plainInterval } ?? true
        if !state.troubles.isEmpty, isNew || isDue {
            state.lastTrouble = now
            for (host, text) in state.troubles.sorted(by: { $0.key < $1.key }) {
                terminal.write("  ! \(host) \(text)\n")
            }
        }
        if let host, before[host] != nil { terminal.write("  \(host) answers again\n") }
    }

    /// A line every ten seconds, and at once when a host is not reached any more, or is again.
    private func showPlain(_ line: String, unreachable: Set<String> = []) {
        state.withLock { state in
            let now = ContinuousClock.now
            let isUrgent = state.unreachable != unreachable
            state.unreachable = unreachable
            if !isUrgent, let last = state.lastPlainLine, now - last < Self.plainInterval { return }
            // The first look comes at once and says little: the interval starts with it.
            let isFirst = state.lastPlainLine == nil && !isUrgent
            state.lastPlainLine = now
            if !isFirst, line != state.lastText { terminal.write(line + "\n") }
            state.lastText = line
        }
    }

    /// Puts lines where the live lines stand, in one piece so that nothing flickers.
    private func draw(_ lines: [String], _ state: inout State) {
        guard state.shownLines > 0 || !lines.isEmpty else { return }
        let up = state.shownLines > 1 ? "\u{1B}[\(state.shownLines - 1)A" : ""
        let body = lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
        terminal.write("\r" + up + (lines.isEmpty ? "\u{1B}[J" : body + "\u{1B}[J"))
        state.shownLines = lines.count
    }
}
