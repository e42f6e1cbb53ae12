import Dispatch
import Foundation
import Orchestration
import Synchronization

/// Ctrl-C and TERM: once ends the work in an orderly way, twice ends latexp at once.
enum Interruption {
    /// Does `work`, which is cancelled by the first signal.
    ///
    /// - Parameters:
    ///   - printer: what stands on the terminal, below which nothing may be written past it.
    ///   - doing: what the first signal leads to.
    ///   - hint: the last words before an end at once.
    ///   - leaving: what must be done even then.
    static func guarding<Value: Sendable>(
        _ printer: (any ProgressObserver)? = nil,
        doing: String = "stopping the agents, bringing home what exists",
        hint: String,
        leaving: @escaping @Sendable () -> Void = {},
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let seen = SignalCount()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if seen.next() == 1 {
                    say("latexp: \(doing); again to leave at once", printer)
                    task.cancel()
                } else {
                    Passphrase.restoreTerminal()
                    say("latexp: left at once. \(hint)", printer)
                    leaving()
                    _exit(CommandStatus.interrupted.rawValue)
                }
            }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return try await task.value
    }

    /// Asks hosts something, which may be given up at any time.
    static func asking<Value: Sendable>(
        _ printer: (any ProgressObserver)? = nil,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await guarding(printer, doing: "giving up", hint: "What was asked of hosts may still happen there.", work)
    }

    private static func say(_ text: String, _ printer: (any ProgressObserver)?) {
        if let printer { printer.say(text) } else { Terminal.errors.write("\n\(text)\n") }
    }

    private final class SignalCount: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
