/// A length of time, written as text with its unit: `250ms`, `300s`, `1.5m`, `2h`.
///
/// Held in whole nanoseconds, so that 112 ms is exactly 112,000,000 ns.
public struct TimeSpan: Hashable, Sendable, Comparable {
    /// The length in nanoseconds.
    ///
    /// Negative lengths are never read from text, but arithmetic may give them.
    public var ns: Int64

    /// A length of `ns` nanoseconds.
    public init(ns: Int64) {
        self.ns = ns
    }

    /// A length of whole seconds.
    public static func seconds(_ seconds: Int64) -> TimeSpan { TimeSpan(ns: seconds * 1_000_000_000) }

    /// A length of whole milliseconds.
    public static func milliseconds(_ milliseconds: Int64) -> TimeSpan { TimeSpan(ns: milliseconds * 1_000_000) }

    /// Reads a number with a unit of `ns`, `us`, `ms`, `s`, `m`, `h` or `d`; nil for anything else.
    ///
    /// At most 100 years, so that no later sum can overflow.
    public init?(_ text: String) {
        let unitStart = text.firstIndex { !($0.isNumber || $0 == ".") } ?? text.endIndex
        guard
            let scale = Self.units.first(where: { $0.name == text[unitStart...] })?.ns,
            let number = Double(text[..<unitStart]), number.isFinite, number >= 0
        else { return nil }
        let value = (number * Double(scale)).rounded()
        guard value <= 100 * 365 * 86_400e9 else { return nil }
        self.ns = Int64(value)
    }

    /// Units from the largest, as `description` tries them.
    private static let units: [(name: String, ns: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// The length in seconds.
    public var seconds: Double { Double(ns) / 1e9 }

    /// The length in milliseconds.
    public var milliseconds: Double { Double(ns) / 1e6 }

    /// The length as the standard library's type.
    public var duration: Duration { .nanoseconds(ns) }

    /// Whether the first length is the shorter one.
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.ns < right.ns }
}

extension TimeSpan: CustomStringConvertible {
    /// The shortest exact text: whole numbers of the largest fitting unit (`90s`, not `1.5m`).
    public var description: String {
        guard ns != 0 else { return "0s" }
        for unit in Self.units where unit.ns <= 1_000_000_000 && ns % unit.ns == 0 {
            return "\(ns / unit.ns)\(unit.name)"
        }
        return "\(ns)ns"
    }
}

extension TimeSpan: Codable {
    /// Reads text such as `250ms`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = TimeSpan(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a length of time")
        }
        self = value
    }

    /// Writes the shortest exact text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
