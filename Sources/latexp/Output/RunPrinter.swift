import ExperimentModel
import Foundation
import Orchestration
import Synchronization

/// Shows a run on standard error.
protocol ProgressObserver: RunObserver {
    /// Says which run it is.
    func runBegan(_ directory: RunDirectory)
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

    func runBegan(_ directory: RunDirectory) {
        terminal.write("latexp \(LatexpVersion.text), run \(directory.id)\n")
    }

    func live(_ view: LiveView) {
        guard terminal.isInteractive else { return showLive("  " + LiveLine.draw(view, width: 240)) }
        let lines = LiveBlock.draw(view, width: terminal.width - 1, usesUnicode: terminal.usesUnicode)
        state.withLock { draw(lines, &$0) }
    }

    /// Takes the live lines away.
    func finish() {
        state.withLock { draw([], &$0) }
    }

    private func write(_ line: String) {
        state.withLock { state in
            draw([], &state)
            terminal.write(line + "\n")
        }
    }

    private func showLive(_ line: String) {
        state.withLock { state in
            if terminal.isInteractive { return draw([String(line.prefix(max(1, terminal.width - 1)))], &state) }
            let now = ContinuousClock.now
            if let last = state.lastPlainLine, now - last < Self.plainInterval { return }
            // The first look comes at once and says little: the interval starts with it.
            let isFirst = state.lastPlainLine == nil
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
