import ExperimentModel
import Testing

struct TimeSpanTests {
    @Test(
        "A number with a unit is read exactly",
        arguments: [
            ("250ms", 250_000_000), ("300s", 300_000_000_000), ("1.5m", 90_000_000_000), ("2h", 7_200_000_000_000),
            ("7us", 7_000), ("9ns", 9), ("0s", 0), ("0.5ms", 500_000), ("1d", 86_400_000_000_000),
        ] as [(String, Int64)]
    )
    func reads(text: String, ns: Int64) {
        #expect(TimeSpan(text)?.ns == ns)
    }

    @Test(
        "Anything else is refused",
        arguments: ["", "5", "s", "-1s", "1 s", "1sec", "ms", "1e9s", "nan s", "infs", "1..5s", "99999999d", "١s"]
    )
    func refuses(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(
        "The text that is written is read back as the same length",
        arguments: [1, 1_500, 20_000, 118_000_000, 90_000_000_000, 0]
    )
    func roundTrip(ns: Int64) {
        let span = TimeSpan(ns: ns)
        #expect(TimeSpan(span.description) == span)
    }

    @Test("Text uses the largest unit that stays whole")
    func text() {
        #expect(TimeSpan.seconds(90).description == "90s")
        #expect(TimeSpan(ns: 1_500_000).description == "1500us")
    }
}
