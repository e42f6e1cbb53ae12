import Foundation

/// How numbers and times are written in reports, the same on every machine and in every locale.
enum Format {
    /// Milliseconds from nanoseconds, with this many decimals.
    static func milliseconds(_ ns: Double?, _ decimals: Int = 3) -> String {
        guard let ns else { return "-" }
        return fixed(ns / 1e6, decimals)
    }

    /// Milliseconds with a sign, for differences.
    static func signedMilliseconds(_ ns: Double?, _ decimals: Int = 3) -> String {
        guard let ns else { return "-" }
        let text = fixed(ns / 1e6, decimals)
        return ns > 0 && text.contains(where: { $0 >= "1" && $0 <= "9" }) ? "+" + text : text
    }

    /// A length of time with the unit that suits it.
    static func time(_ ns: Double?) -> String {
        guard let ns else { return "unknown" }
        return abs(ns) < 1e5 ? fixed(ns / 1e3, 1) + " us" : fixed(ns / 1e6, 3) + " ms"
    }

    /// A number with a fixed number of decimals; ties away from zero.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value.isFinite ? "\(value)" : "-" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e18 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// A whole number with commas between the thousands.
    static func count(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + text
    }

    /// A share in per cent; never rounded to 0 or 100 when it is not.
    static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "-" }
        let share = Double(part) / Double(whole) * 100
        let text = fixed(share, 1)
        if text == "100.0", part < whole { return ">99.9 %" }
        if text == "0.0", part > 0 { return "<0.1 %" }
        return text + " %"
    }

    /// Two shares that make up a whole, so that what is written adds up; others each for itself.
    static func percents(_ first: Int, _ second: Int, of whole: Int) -> (String, String) {
        let texts = (percent(first, of: whole), percent(second, of: whole))
        guard first + second == whole, whole > 0, !"<>".contains(texts.0.first ?? "<"),
            !"<>".contains(texts.1.first ?? "<")
        else { return texts }
        let tenths = (Double(first) / Double(whole) * 1_000).rounded()
        return (texts.0, fixed((1_000 - tenths) / 10, 1) + " %")
    }

    /// A length of time in seconds, for people.
    static func seconds(_ seconds: Double) -> String { fixed(seconds, seconds < 10 ? 1 : 0) + " s" }

    /// A length of time in the units that suit it, for people.
    static func duration(_ length: Double) -> String {
        let whole = Int(length.rounded())
        guard whole >= 600 else { return seconds(length) }
        guard whole >= 7_200 else { return "\(whole / 60) min" + (whole % 60 == 0 ? "" : " \(whole % 60) s") }
        return "\(whole / 3_600) h" + (whole % 3_600 < 60 ? "" : " \(whole % 3_600 / 60) min")
    }

    /// "1 lane", "3 lanes".
    static func plural(_ number: Int, _ noun: String, _ pluralNoun: String? = nil) -> String {
        count(number) + " " + (number == 1 ? noun : pluralNoun ?? noun + "s")
    }
}
