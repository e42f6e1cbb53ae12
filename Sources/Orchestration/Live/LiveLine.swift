import ExperimentModel
import Foundation

/// Draws a look at a running measurement as one line of text.
public enum LiveLine {
    /// The line, cut to `width` columns.
    ///
    /// `0:12/0:23  baseline 118.61 ms 99/s  backbone 112.94 ms 98/s  Δ -5.67 ms`
    ///
    /// The phase's name stands in the line above it. The medians are of recent events only, and stand for orientation;
    /// results come from all samples afterwards.
    public static func draw(_ view: LiveView, width: Int) -> String {
        var parts = ["\(time(view.elapsedSeconds))/\(time(view.totalSeconds))"]
        for (host, seconds) in view.unreachable.sorted(by: { $0.key < $1.key }) {
            parts.append("\(host) not reached for \(Int(seconds)) s, its agent goes on")
        }
        for (host, seconds) in view.silent.sorted(by: { $0.key < $1.key }) {
            parts.append("\(host)'s agent silent for \(Int(seconds)) s")
        }
        for (host, text) in view.troubles.sorted(by: { $0.key < $1.key }) { parts.append("\(host): \(text)") }
        if let receiver = view.receiver {
            if view.isReceiverSilent { parts.append("figures of then:") }
            if receiver.state == .finishing { parts.append("finishing") }
            for path in view.paths { parts.append(self.path(path, receiver, view)) }
            if let difference = receiver.differenceMedianMs, view.paths.count > 1 {
                parts.append("Δ \(String(format: "%+.2f", difference)) ms")
            }
            let missing = receiver.lanes.reduce(0) { $0 + $1.counts.missing }
            if missing > 0 { parts.append("\(missing) missing") }
        }
        return cut(parts.joined(separator: "  "), to: width)
    }

    private static func path(_ name: String, _ receiver: AgentStatus, _ view: LiveView) -> String {
        let lanes = receiver.lanes.filter { $0.path == name }
        let rate = lanes.reduce(0) { $0 + $1.ratePerSecond }
        let streaming = lanes.filter { $0.state == .streaming }.count
        var text = name
        let medians = lanes.compactMap(\.medianMs).sorted()
        if !medians.isEmpty { text += " \(String(format: "%.2f", medians[medians.count / 2])) ms" }
        text += view.isReceiverSilent ? " ?/s" : " \(Int(rate.rounded()))/s"
        if streaming < lanes.count { text += " (\(streaming) of \(lanes.count) lanes)" }
        return text
    }

    /// Minutes and seconds, and hours when there are any.
    static func time(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded(.down))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
    }
}
