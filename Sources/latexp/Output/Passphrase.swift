import Foundation
import Synchronization

/// Asks for a private key's passphrase on the terminal, without showing it.
enum Passphrase {
    /// The terminal's local flags before it stopped showing what is typed; nil while it shows it.
    private static let shownFlags = Mutex<tcflag_t?>(nil)
    /// Whether somebody is asked just now.
    static var isAsking: Bool { shownFlags.withLock { $0 != nil } }
    /// How soon a cancelled question ends.
    private static let lookMilliseconds: Int32 = 100

    /// The question, or nil where nobody could answer it.
    ///
    /// One question at a time: whoever keeps the answers sees to that. It ends without an answer when its task is
    /// cancelled.
    static var prompt: (@Sendable (String) -> String?)? {
        guard isatty(0) == 1, Terminal.errors.isInteractive else { return nil }
        return ask
    }

    /// Makes the terminal show again what is typed; for an end that comes while somebody is asked.
    static func restoreTerminal() {
        shownFlags.withLock { flags in
            var settings = termios()
            guard let shown = flags, tcgetattr(0, &settings) == 0 else { return }
            settings.c_lflag = shown
            tcsetattr(0, TCSAFLUSH, &settings)
            flags = nil
        }
    }

    private static func ask(_ key: String) -> String? {
        var hidden = termios()
        guard tcgetattr(0, &hidden) == 0 else { return nil }
        let flags = hidden.c_lflag
        hidden.c_lflag &= ~tcflag_t(ECHO)
        shownFlags.withLock { $0 = flags }
        defer { restoreTerminal() }
        guard tcsetattr(0, TCSAFLUSH, &hidden) == 0 else { return nil }
        Terminal.errors.write("\nPassphrase for \(key): ")
        let answer = readAnswer()
        Terminal.errors.write("\n")
        return answer.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A line of standard input, or nil at its end and when the task is cancelled.
    private static func readAnswer() -> String? {
        var line: [UInt8] = []
        while !Task.isCancelled {
            var watched = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, lookMilliseconds) > 0 else { continue }
            var byte: UInt8 = 0
            let count = read(0, &byte, 1)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return nil }
            guard byte != UInt8(ascii: "\n"), line.count < 1_024 else { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
