import ExperimentModel
import LatencyStatistics

/// All that is found by looking at when each event arrived where.
struct EventFigures {
    /// Of each path, its lanes.
    private(set) var behind: [[LaneBehind]]
    /// Each other path against the baseline.
    private(set) var differences: [DifferenceAnalysis] = []
    /// Each path's own lanes.
    private(set) var noiseFloors: [NoiseFloor]
    /// Of the paths that have event times.
    private(set) var timeSeries: [TimeSeriesPlot]
    /// Of the first difference; nil without pairs.
    private(set) var plots: DifferencePlots?
    /// Against the truth of a simulated world; nil in a real run.
    private(set) var truth: LabTruthAnalysis?

    init(_ data: RunData, _ layout: RunLayout, _ gaps: [ConnectionGap]) {
        var paths = Parallel.map(layout.paths.count) { index in
            PathArrivals(layout.paths[index], hasWall: data.truth != nil)
        }
        let whole = paths
        let fewest = whole.map { $0.lanes.reduce(0) { $0 + $1.monotonicNs.count } }.filter { $0 > 0 }.min() ?? 0
        let plotter = PlotBuilder(windows: layout.windows, fewestEvents: fewest)
        let ofPaths = Parallel.map(whole.count) { index in
            (LaneBehind.all(of: whole[index]), plotter.timeSeries(whole[index]))
        }
        behind = ofPaths.map(\.0)
        timeSeries = ofPaths.compactMap(\.1)
        let analyzer = DifferenceAnalyzer(gaps: gaps, windows: layout.windows, plotter: plotter)
        let sides = layout.compared
        let firsts = (sides?.others ?? []).map { other in
            sides.flatMap { analyzer.firstArrivals(whole[$0.baseline], whole[other]) }
        }
        plots = firsts.lazy.compactMap { $0 }.first?.plots
        truth = data.truth.map {
            TruthAnalyzer($0, data.blocks).analyze(
                whole,
                baseline: sides.map { whole[$0.baseline] },
                other: sides?.others.first.map { whole[$0] }
            )
        }
        for index in paths.indices {
            paths[index].dropDelays()
            paths[index].dropSoonest()
        }
        if let sides {
            differences = zip(sides.others, firsts).compactMap { other, first in
                first.flatMap { analyzer.difference(paths[sides.baseline], paths[other], $0) }
            }
        }
        let lanes = paths
        noiseFloors = Parallel.map(lanes.count) { analyzer.noiseFloor(lanes[$0]) }
    }
}
