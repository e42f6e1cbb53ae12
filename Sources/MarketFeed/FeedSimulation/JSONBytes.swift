/// A decimal number as the exchange writes it: with a fixed number of decimals.
public struct FixedDecimal: Sendable, Equatable {
    /// The number without its decimal point.
    public var units: Int64
    /// How many of its digits come after the point, 0 to 18.
    public var decimals: Int

    /// Makes a number, as `FixedDecimal(8455100, decimals: 2)` for 84551.00.
    public init(_ units: Int64, decimals: Int) {
        precondition((0...18).contains(decimals), "0 to 18 decimals")
        self.units = units
        self.decimals = decimals
    }
}

extension [UInt8] {
    /// Appends text as it is.
    @inline(__always)
    mutating func append(text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends text between quotes; it must need no escapes.
    mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        append(contentsOf: text.utf8)
        append(UInt8(ascii: "\""))
    }

    /// Appends an integer in decimal.
    mutating func append(integer value: Int64) {
        if value < 0 {
            append(UInt8(ascii: "-"))
        }
        append(digits: value.magnitude, atLeast: 1)
    }

    /// Appends a decimal number between quotes, as prices and quantities are.
    mutating func append(quoted value: FixedDecimal) {
        append(UInt8(ascii: "\""))
        if value.units < 0 {
            append(UInt8(ascii: "-"))
        }
        let start = count
        append(digits: value.units.magnitude, atLeast: value.decimals + 1)
        if value.decimals > 0 {
            precondition(count - start > value.decimals)
            insert(UInt8(ascii: "."), at: count - value.decimals)
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(digits value: UInt64, atLeast minimum: Int) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0 || count - start < minimum
        self[start...].reverse()
    }
}

/// The wrapper that a combined stream puts around each event.
enum StreamWrapper {
    /// Appends an event, wrapped when a stream is named.
    @inline(__always)
    static func append(_ stream: String?, to output: inout [UInt8], _ event: (inout [UInt8]) -> Void) {
        guard let stream else { return event(&output) }
        output.append(text: #"{"stream":"#)
        output.append(quoted: stream)
        output.append(text: #","data":"#)
        event(&output)
        output.append(UInt8(ascii: "}"))
    }
}
