import Foundation

/// What is behind one of the standard streams, and how to write to it.
struct Terminal: Sendable {
    /// Standard error: progress and messages.
    static let errors = Terminal(descriptor: 2)
    /// Standard output: results.
    static let results = Terminal(descriptor: 1)

    let descriptor: Int32

    /// Whether somebody looks at it.
    var isInteractive: Bool { isatty(descriptor) == 1 && environment("TERM") != "dumb" }

    /// Whether colour is welcome: on a terminal, and not where `NO_COLOR` is set to anything.
    var usesColour: Bool { isInteractive && (environment("NO_COLOR") ?? "").isEmpty }

    /// Whether characters beyond ASCII can be shown.
    var usesUnicode: Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment($0) }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }

    /// The columns; 80 where nobody can say.
    var width: Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
    }

    /// Writes all of the text; what cannot be written is lost, since there is nobody left to tell.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR || errno == EAGAIN { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }

    /// Text with its lines broken at blanks where they would not fit; as it is where nobody looks.
    ///
    /// From their second on, broken lines are indented. Commands to copy, which are indented by four, stay in one piece.
    func laidOut(_ text: String) -> String {
        guard isInteractive else { return text }
        let room = max(20, width - 1)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            line.hasPrefix("    ") ? [String(line)] : Self.broken(line, room: room)
        }
        return lines.joined(separator: "\n")
    }

    private static func broken(_ line: Substring, room: Int) -> [String] {
        var current = String(line.prefix { $0 == " " })
        var lines: [String] = []
        var isEmpty = true
        for word in line.split(separator: " ") {
            if !isEmpty, current.count + 1 + word.count > room {
                lines.append(current)
                current = "  "
                isEmpty = true
            }
            current += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [current]
    }

    private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}
