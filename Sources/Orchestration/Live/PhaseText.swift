import ExperimentModel
import Foundation

/// Draws phases and checks as lines of text.
public struct PhaseText: Sendable {
    /// Whether marks may be more than ASCII.
    public var usesUnicode: Bool
    /// Whether lines may have colour.
    public var usesColour: Bool

    /// A way to draw.
    public init(usesUnicode: Bool, usesColour: Bool) {
        self.usesUnicode = usesUnicode
        self.usesColour = usesColour
    }

    /// A line of evidence; the lines after its first are indented, too.
    public func line(_ check: CheckRecord) -> String {
        let subject = check.host.map { "\($0) \(check.name)" } ?? check.name
        let detail = check.detail.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n      ")
        return "  \(mark(check.outcome)) \(subject): \(detail)"
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
