import Foundation
import Synchronization

/// Asks for a private key's passphrase on the terminal, without showing it.
enum Passphrase {
    /// One question at a time, however many hosts ask.
    private static let asking = Mutex(())

    /// The question, or nil where nobody could answer it.
    static var prompt: (@Sendable (String) -> String?)? {
        guard isatty(0) == 1, Terminal.errors.isInteractive else { return nil }
        return { key in asking.withLock { _ in ask(key) } }
    }

    private static func ask(_ key: String) -> String? {
        var shown = termios()
        guard tcgetattr(0, &shown) == 0 else { return nil }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(0, TCSAFLUSH, &hidden) == 0 else { return nil }
        defer { tcsetattr(0, TCSAFLUSH, &shown) }
        Terminal.errors.write("\nPassphrase for \(key): ")
        let answer = readLine()
        Terminal.errors.write("\n")
        return answer.flatMap { $0.isEmpty ? nil : $0 }
    }
}
