import ExperimentModel
import Foundation
import Reporting

/// The kinds of comparison that the golden files show.
enum SyntheticComparison {
    /// Each by its name: one run a side, many, one against another of both paths, and one that was forced.
    static func all() throws -> [(name: String, comparison: RunComparison)] {
        let baseline = onePath("baseline", .direct, seed: 7)
        let backbone = onePath("backbone", .relay, seed: 8)
        let short = onePath("backbone", .relay, seed: 8) { $0.seconds = 10 }
        return [
            ("comparison", try RunComparison.compare([baseline], [backbone])),
            ("comparison-many", try RunComparison.compare(side("baseline", 20), side("backbone", 30))),
            ("comparison-forced", try RunComparison.compare([baseline], [short], force: true)),
        ]
    }

    /// Four short runs, six hours apart.
    private static func side(_ name: String, _ seed: UInt64) -> [RunData] {
        (0..<4).map { number in
            var data = onePath(name, name == "baseline" ? .direct : .relay, seed: seed + UInt64(number)) {
                $0.seconds = 10
                $0.directMs += Double(number % 2) * 0.4
                $0.id = "\(name)-\(number + 1)"
            }
            data.record.beganSeconds += Double(number) * 6 * 3_600
            return data
        }
    }
}
