import Dispatch
import Foundation
import Orchestration
import Synchronization

/// Ctrl-C and TERM: once ends the work in an orderly way, twice ends latexp at once.
enum Interruption {
    /// Does `work`, which is cancelled by the first signal.
    ///
    /// - Parameters:
    ///   - doing: what the first signal leads to.
    ///   - hint: the last words before an end at once.
    ///   - leaving: what must be done even then.
    static func guarding<Value: Sendable>(
        doing: String = "stopping the agents and bringing home what exists",
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
                    Terminal.errors.write("\nlatexp: \(doing); again to leave at once\n")
                    task.cancel()
                } else {
                    Passphrase.restoreTerminal()
                    Terminal.errors.write("\nlatexp: left at once. \(hint)\n")
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
    static func asking<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await guarding(doing: "giving up", hint: "What was asked of hosts may still happen there.", work)
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
