import ExperimentModel
import Foundation

/// Draws a look at a running measurement as a block of lines, which a terminal redraws in place.
///
/// ```
/// measure  0:12 of 0:23, 0:11 left
///   path            rate      events     p50 ms     p99 ms  missing  reconnects
///   baseline        99/s       1,190    118.702    121.310        0           0
///   backbone        98/s       1,188    112.941    113.802        2           1
///   Δ backbone - baseline: -5.671 ms so far (1,120 pairs)
///   clocks within: frankfurt 0.031 ms, tokyo 0.040 ms
/// ```
///
/// The quantiles are of recent events only, and stand for orientation; results come from all samples afterwards.
public enum LiveBlock {
    /// The lines, none wider than `width` columns; the names of paths get what room there is.
    public static func draw(_ view: LiveView, width: Int, usesUnicode: Bool) -> [String] {
        let figures = LiveFigures(view)
        let left = max(0, view.totalSeconds - view.elapsedSeconds)
        let isFinishing = view.receiver?.state == .finishing
        var lines = [
            "\(view.phase)  \(LiveLine.time(view.elapsedSeconds)) of \(LiveLine.time(view.totalSeconds)), "
                + (isFinishing ? "finishing" : "\(LiveLine.time(left.rounded(.up))) left")
        ]
        lines += table(figures, width: width)
        if let difference = view.receiver?.differenceMedianMs, view.paths.count > 1 {
            let pairs = view.receiver?.differencePairs.map { " (\(grouped($0)) pairs)" } ?? ""
            lines.append(
                "  \(usesUnicode ? "Δ" : "difference") \(view.paths[1]) - \(view.paths[0]): "
                    + String(format: "%+.3f ms so far", difference) + pairs
            )
        }
        if !view.clockBoundsMs.isEmpty {
            let clocks = view.clockBoundsMs.sorted { $0.key < $1.key }
                .map { "\($0.key) \(String(format: "%.3f", $0.value)) ms" }
            lines.append("  clocks within: " + clocks.joined(separator: ", "))
        }
        for (host, seconds) in view.unreachable.sorted(by: { $0.key < $1.key }) {
            let what = host == view.receiver?.host ? "the figures are of then" : "and is looked for again"
            lines.append("  ! \(host) not reached for \(Int(seconds)) s; its agent goes on, \(what)")
        }
        for (host, seconds) in view.silent.sorted(by: { $0.key < $1.key }) {
            let figures = host == view.receiver?.host ? "; the figures are of then" : ""
            lines.append("  ! \(host): its agent has said nothing new for \(Int(seconds)) s\(figures)")
        }
        for (host, text) in view.troubles.sorted(by: { $0.key < $1.key }) { lines.append("  ! \(host): \(text)") }
        return lines.map { cut($0, to: width, usesUnicode: usesUnicode) }
    }

    private static let columns = [("rate", 9), ("events", 12), ("p50 ms", 11), ("p99 ms", 11), ("missing", 9)]
    private static let lastColumn = ("reconnects", 12)

    private static func table(_ figures: LiveFigures, width: Int) -> [String] {
        guard figures.view.receiver != nil else { return ["  waiting for the first look at the receiver"] }
        let numbers = columns.reduce(0) { $0 + $1.1 } + lastColumn.1
        let longest = figures.paths.map(\.name.count).max() ?? 0
        let room = max(4, min(longest, width - numbers - 2))
        func line(_ name: String, _ cells: [String]) -> String {
            let padded = String(name.prefix(room)) + String(repeating: " ", count: max(0, room - name.count))
            return "  " + padded
                + zip(cells, columns + [lastColumn]).map { right($0, $1.1) }.joined()
        }
        let header = line("path", (columns + [lastColumn]).map(\.0))
        return [header]
            + figures.paths.map { path in
                let text = line(
                    path.name,
                    [
                        figures.view.isReceiverSilent ? "?/s" : "\(Int(path.ratePerSecond.rounded()))/s",
                        grouped(path.events), milliseconds(path.p50Ms),
                        milliseconds(path.p99Ms), grouped(path.missing), grouped(path.reconnects),
                    ]
                )
                return text + (path.replacements > 0 ? "  and \(path.replacements) planned" : "")
                    + (path.streaming < path.lanes ? "  \(path.streaming) of \(path.lanes) lanes up" : "")
            }
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private static func milliseconds(_ value: Double?) -> String {
        value.map { String(format: "%.3f", $0) } ?? "-"
    }

    /// A count with commas between its thousands.
    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + text
    }

    private static func cut(_ text: String, to width: Int, usesUnicode: Bool) -> String {
        guard text.count > width else { return text }
        return String(text.prefix(max(0, width - 1))) + (usesUnicode ? "…" : ">")
    }
}
