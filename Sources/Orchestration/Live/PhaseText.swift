import ExperimentModel
import Foundation

/// Draws phases and checks as lines of text.
public struct PhaseText: Sendable {
    /// Whether marks may be more than ASCII.
    public var usesUnicode: Bool
    /// Whether lines may have colour.
    public var usesColour: Bool

    /// The columns after which evidence goes on in the next line; nil where lines may be of any length.
    public var width: Int?

    /// A way to draw.
    public init(usesUnicode: Bool, usesColour: Bool, width: Int? = nil) {
        self.usesUnicode = usesUnicode
        self.usesColour = usesColour
        self.width = width
    }

    /// A line of evidence; the lines after its first are indented, too.
    public func line(_ check: CheckRecord) -> String {
        let subject = check.host.map { "\($0) \(check.name)" } ?? check.name
        // The mark may hold escapes, which take no columns: it is put before text that was laid out without it.
        let markWidth = usesUnicode || check.outcome != .passed ? 1 : 2
        let lines = "\(subject): \(check.detail)".split(separator: "\n", omittingEmptySubsequences: false)
        let laidOut = lines.enumerated().flatMap { index, line in
            wrapped(line, firstIndent: index == 0 ? 3 + markWidth : Self.indent)
        }
        return "  \(mark(check.outcome)) "
            + laidOut.joined(separator: "\n" + String(repeating: " ", count: Self.indent))
    }

    private static let indent = 6

    /// Breaks a line at spaces where it would be wider than the terminal.
    private func wrapped(_ line: Substring, firstIndent: Int) -> [String] {
        // A command to copy stays in one piece.
        guard let width, width > 2 * Self.indent, !line.hasPrefix("    ") else { return [String(line)] }
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            let room = width - (lines.isEmpty ? firstIndent : Self.indent)
            if !current.isEmpty, current.count + 1 + word.count > room {
                lines.append(current)
                current = String(word)
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }

    /// The line with which a phase ends.
    public func line(_ phase: PhaseRecord) -> String {
        let seconds = max(0, (phase.endedSeconds ?? phase.beganSeconds) - phase.beganSeconds)
        let time = seconds < 10 ? String(format: "%.1f s", seconds) : LiveLine.time(seconds)
        let word =
            switch phase.outcome {
            case .failed: "failed"
            case .warning: "done, with warnings"
            case .skipped: "skipped"
            case .passed, nil: "done"
            }
        return "\(mark(phase.outcome ?? .passed)) \(phase.name) \(word) (\(time))"
    }

    /// A mark, in colour if that is wanted.
    public func mark(_ outcome: CheckRecord.Outcome) -> String {
        let (symbol, ascii, colour) =
            switch outcome {
            case .passed: ("✓", "ok", "32")
            case .warning: ("!", "!", "33")
            case .failed: ("✗", "x", "31")
            case .skipped: ("–", "-", "2")
            }
        let text = usesUnicode ? symbol : ascii
        return usesColour ? "\u{1B}[\(colour)m\(text)\u{1B}[0m" : text
    }
}
