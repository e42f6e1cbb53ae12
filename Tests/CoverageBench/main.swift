import CoverageSimulation
import Foundation

/// Prints how often intervals hold the truth, how often equal paths seem to differ, and how often a difference is
/// found.
///
/// Arguments: the series of each row (1,000) and the seed (1). Exit status 1 when a row is out of its limits.
let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? -1 }
let series = arguments.first ?? 1_000
let seed = arguments.dropFirst().first ?? 1
guard series > 0, seed > 0, arguments.count <= 2 else {
    FileHandle.standardError.write(Data("usage: CoverageBench [SERIES [SEED]]\n".utf8))
    exit(2)
}

var table = Table(columns: [
    ("process", 25), ("quantity", 9), ("n", 6), ("coverage", 9), ("mean width", 10), ("withheld", 8), ("wrong", 6),
])
for process in DelayProcess.allCases {
    for (isDifference, probabilities) in [(false, [0.5, 0.95, 0.99]), (true, [0.5, 0.95])] {
        for count in [400, 1_000, 5_000, 20_000] {
            let rows = Coverage.measure(
                process,
                isDifference: isDifference,
                probabilities: probabilities,
                count: count,
                series: series,
                seed: UInt64(seed)
            )
            for row in rows {
                table.add(
                    [
                        process.rawValue, row.name, "\(count)", row.isTooSeldomGiven ? "-" : Table.percent(row.share),
                        Table.fixed(row.meanWidth, 4), "\(row.withheld)", Table.percent(row.wrongShare),
                    ],
                    isGood: row.isWithin(0.93...0.97)
                )
            }
        }
    }
}
table.print(
    header:
        "Intervals of \(series) series a row, seeds from \(seed). Wrong: of all series. -: fewer than half got an interval."
)

var worlds = Table(columns: [
    ("lanes", 6), ("lane spread ms", 14), ("noise floor ms", 14), ("A/A shown", 9), ("found at one floor", 18),
    ("lucky -3 ms shown", 17), ("withheld", 8),
])
let laneRows = [
    (1, 2, 0.1), (1, 3, 0.1), (2, 2, 0.1), (2, 2, 0.3), (3, 3, 0), (3, 3, 0.05), (3, 3, 0.3), (3, 3, 1), (8, 8, 0.3),
]
for (firstLanes, lanes, spreadMs) in laneRows {
    var world = LaneWorld()
    world.firstLanes = firstLanes
    world.lanes = lanes
    world.laneSpreadMs = spreadMs
    let outcome = LaneOutcome.measure(world, comparisons: series, seed: UInt64(seed))
    worlds.add(
        [
            "\(firstLanes), \(lanes)", Table.fixed(spreadMs, 2), Table.fixed(outcome.floorMs, 3),
            Table.percent(outcome.falseShare),
            Table.percent(outcome.foundShare), Table.percent(outcome.luckyShare), "\(outcome.withheld)",
        ],
        isGood: outcome.isGood(comparisons: series)
    )
}
worlds.print(
    header:
        "\(series) comparisons a row, seeds from \(seed). The floor is what the comparisons themselves say."
)
exit(table.isGood && worlds.isGood ? 0 : 1)
