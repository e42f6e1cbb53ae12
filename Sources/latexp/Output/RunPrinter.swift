import ExperimentModel
import Foundation
import Orchestration
import Synchronization

/// Shows a run on standard error: a block of lines for each phase, and a live line at the bottom.
///
/// On a terminal the live line is redrawn in place; elsewhere a line is written every ten seconds.
final class RunPrinter: RunObserver {
    private struct State {
        /// Whether the live line stands at the bottom of the terminal.
        var isLiveLineShown = false
        var lastPlainLine: ContinuousClock.Instant?
        var lastText = ""
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
        state.withLock { $0.lastPlainLine = nil }
        write(text.line(phase))
    }

    func waiting(_ text: String) { showLive("  " + text) }

    func live(_ view: LiveView) {
        let interactive = terminal.isInteractive
        let line = LiveLine.draw(view, width: interactive ? terminal.width - 3 : 240)
        showLive("  " + line)
    }

    /// Takes the live line away.
    func finish() {
        state.withLock { clear(&$0) }
    }

    private func write(_ line: String) {
        state.withLock { state in
            clear(&state)
            terminal.write(line + "\n")
        }
    }

    private func showLive(_ line: String) {
        state.withLock { state in
            if terminal.isInteractive {
                terminal.write("\r\u{1B}[2K" + line.prefix(max(1, terminal.width - 1)))
                state.isLiveLineShown = true
                return
            }
            let now = ContinuousClock.now
            if let last = state.lastPlainLine, now - last < Self.plainInterval { return }
            // The first look comes at once and says little: the interval starts with it.
            let isFirst = state.lastPlainLine == nil
            state.lastPlainLine = now
            if !isFirst, line != state.lastText { terminal.write(line + "\n") }
            state.lastText = line
        }
    }

    private func clear(_ state: inout State) {
        guard state.isLiveLineShown else { return }
        terminal.write("\r\u{1B}[2K")
        state.isLiveLineShown = false
    }
}
