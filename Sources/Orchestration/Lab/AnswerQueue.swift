import Synchronization

/// Lines that a child process says, waited for one at a time with a limit.
final class AnswerQueue: Sendable {
    /// Why there is no answer.
    struct Silence: Error, CustomStringConvertible {
        let description: String
    }

    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let ending = Mutex<String?>(nil)

    init() {
        (stream, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    func put(_ line: String) { continuation.yield(line) }

    func end(_ reason: String) {
        ending.withLock { $0 = $0 ?? reason }
        continuation.finish()
    }

    /// The next line; throws `Silence` when the child has ended or says nothing for so long.
    func next(limit: Duration) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { [stream] in
                var iterator = stream.makeAsyncIterator()
                return await iterator.next()
            }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Silence(description: "it said nothing for \(limit)")
            }
            defer { group.cancelAll() }
            guard let line = try await group.next() ?? nil else {
                try Task.checkCancellation()
                throw Silence(description: ending.withLock { $0 } ?? "it ended")
            }
            return line
        }
    }
}
