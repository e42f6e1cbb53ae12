import Dispatch
import Foundation
import Synchronization

/// Independent pieces of work on two cores.
enum Parallel {
    /// More workers would need more memory at once: each holds the samples of one figure.
    private static let workers = min(2, ProcessInfo.processInfo.activeProcessorCount)

    /// The results of `body` for 0 up to `count`, in that order; waits for all of them.
    static func map<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: count))
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: min(workers, count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                let result = body(index)
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
