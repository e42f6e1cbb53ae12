#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Moments in words.
public enum UTC {
    /// A moment to the second, as ISO 8601 has it: `2026-11-18T11:06:30Z`.
    ///
    /// - Parameter seconds: since 1970 UTC; what is not a whole second is cut off.
    public static func text(_ seconds: Double) -> String {
        Date.ISO8601FormatStyle().format(Date(timeIntervalSince1970: seconds.rounded(.down)))
    }

    /// A moment to the millisecond: `2026-11-18T11:06:30.123Z`.
    ///
    /// - Parameter wallNs: nanoseconds since 1970 UTC; what is not a whole millisecond is cut off.
    public static func text(wallNs: Int64) -> String {
        let restNs = (wallNs % 1_000_000_000 + 1_000_000_000) % 1_000_000_000
        let digits = String(restNs / 1_000_000)
        let whole = text(Double((wallNs - restNs) / 1_000_000_000)).dropLast()
        return whole + "." + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }
}
