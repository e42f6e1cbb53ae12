/// The moments in HTTP headers (RFC 9110 section 5.6.7), in whole seconds since 1970 UTC.
enum HTTPDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` and the two older forms that a recipient must know; nil for anything else.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        // `Sunday, 06-Nov-94 08:49:37 GMT` divides like the usual form; C's asctime, `Sun Nov  6 08:49:37 1994`, does not.
        guard words.count == 6 || words.count == 5 else { return nil }
        let isAscTime = words.count == 5
        guard isAscTime || words[5] == "GMT",
            let month = months.firstIndex(of: words[isAscTime ? 1 : 2].lowercased()),
            let day = number(words[isAscTime ? 2 : 1], 1...31),
            let year = number(words[isAscTime ? 4 : 3], 0...9_999),
            let time = secondsOfDay(words[isAscTime ? 3 : 4])
        else { return nil }
        // Two digits: this century, as nothing here is older.
        return days(year: year < 100 ? year + 2_000 : year, month: month + 1, day: day) * 86_400 + time
    }

    private static func secondsOfDay(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0], 0...23), let minute = number(parts[1], 0...59),
            let second = number(parts[2], 0...60)
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int64(text).flatMap { range.contains($0) ? $0 : nil }
    }

    /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March, so that a leap day comes
    /// last.
    private static func days(year: Int64, month: Int, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
