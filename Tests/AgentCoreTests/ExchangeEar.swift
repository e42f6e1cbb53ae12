import Foundation
import LabWorld

/// Remembers what an exchange sent and heard, and lets a test wait for it.
final class ExchangeEar: ExchangeObserver {
    /// Something that a client said.
    struct Heard: Sendable {
        var message: ExchangeMessage
        var peerPort: Int
        var atNs: Int64
    }

    private let condition = NSCondition()
    // Touched only with the condition's lock held.
    private nonisolated(unsafe) var sentIDs: [Int64] = []
    private nonisolated(unsafe) var messages: [Heard] = []

    /// The ids sent so far, each once.
    var sent: [Int64] { condition.withLock { sentIDs } }
    /// All that was heard so far.
    var heard: [Heard] { condition.withLock { messages } }
    /// The upgrades asked for so far.
    var upgrades: [Heard] { heard.filter { if case .upgrade = $0.message { true } else { false } } }
    /// The payloads of the pongs so far.
    var pongs: [Heard] { heard.filter { if case .pong = $0.message { true } else { false } } }
    /// The text messages so far.
    var texts: [Heard] { heard.filter { if case .text = $0.message { true } else { false } } }

    func exchangeSends(updateID: Int64, sentNs: Int64) {
        condition.withLock { sentIDs.append(updateID) }
    }

    func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite]) {}

    func exchangeHeard(_ message: ExchangeMessage, fromPort peerPort: Int, atNs: Int64) {
        condition.withLock {
            messages.append(Heard(message: message, peerPort: peerPort, atNs: atNs))
            condition.broadcast()
        }
    }

    /// Waits, ten seconds at most, until something has been heard for which `isIt` holds; whether it has.
    func waits(for isIt: (ExchangeMessage) -> Bool) -> Bool {
        let limit = Date(timeIntervalSinceNow: 10)
        return condition.withLock {
            while !messages.contains(where: { isIt($0.message) }) {
                guard condition.wait(until: limit) else { return false }
            }
            return true
        }
    }
}
