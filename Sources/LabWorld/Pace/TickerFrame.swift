import ExperimentModel
import MarketFeed
import WebSocketCodec

/// One book ticker in a WebSocket frame, whose numbers are changed in place from message to message.
///
/// Nothing is formatted anew and nothing allocated: the id counts up digit by digit, the times are written when their
/// millisecond changes.
final class TickerFrame {
    private static let timeDigits = 13

    private let block: UnsafeMutableRawBufferPointer
    private let updateID: Range<Int>
    private let transactionTime: Int
    private let eventTime: Int
    private var timeMs: Int64 = 0

    /// The frame of the id before `firstID`, USD-M payload; `isCombined`: in the wrapper of a combined stream.
    init(symbol: String, firstID: Int64, isCombined: Bool) {
        let scale = FeedScale(.usdm)
        var payload: [UInt8] = []
        BookTickerPayload(
            market: .usdm,
            symbol: symbol.uppercased(),
            updateID: firstID,
            bid: (scale.price(scale.firstBidTicks), scale.quantity(7_411)),
            ask: (scale.price(scale.firstBidTicks + 1), scale.quantity(12_953)),
            transactionTimeMs: 1_000_000_000_000,
            eventTimeMs: 1_000_000_000_000
        ).append(to: &payload, wrappedIn: isCombined ? "\(symbol)@bookTicker" : nil)
        var frame: [UInt8] = []
        var encoder = FrameEncoder(role: .server)
        encoder.append(.text, payload, to: &frame)
        block = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count, alignment: 16)
        block.copyBytes(from: frame)
        let start = Self.end(of: #""u":"#, in: frame)
        updateID = start..<(start + String(firstID).utf8.count)
        transactionTime = Self.end(of: #""T":"#, in: frame)
        eventTime = Self.end(of: #""E":"#, in: frame)
        step(by: -1)
    }

    deinit { block.deallocate() }

    /// The whole frame as it goes onto the wire.
    var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(block) }

    /// Goes on to the next id, with this time as both `T` and `E`.
    func advance(toMs ms: Int64) {
        step(by: 1)
        guard ms != timeMs else { return }
        timeMs = ms
        var rest = ms
        for offset in (0..<Self.timeDigits).reversed() {
            let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            block[transactionTime + offset] = digit
            block[eventTime + offset] = digit
            rest /= 10
        }
    }

    /// Adds 1 or -1 to the id, from its last digit on.
    private func step(by amount: Int) {
        let (last, wrapped) =
            amount > 0 ? (UInt8(ascii: "9"), UInt8(ascii: "0")) : (UInt8(ascii: "0"), UInt8(ascii: "9"))
        var index = updateID.upperBound - 1
        while index > updateID.lowerBound, block[index] == last {
            block[index] = wrapped
            index -= 1
        }
        block[index] = amount > 0 ? block[index] &+ 1 : block[index] &- 1
    }

    private static func end(of key: String, in frame: [UInt8]) -> Int {
        guard let range = frame.firstRange(of: Array(key.utf8)) else {
            preconditionFailure("every USD-M book ticker has \(key)")
        }
        return range.upperBound
    }
}
