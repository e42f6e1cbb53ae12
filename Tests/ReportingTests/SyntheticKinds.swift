import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting

/// The kinds of run that the golden files show.
enum SyntheticKind: String, CaseIterable, Sendable {
    case clean
    case lab
    case spot
    case tiny
    case onePath = "one-path"
    case troubled
    case jumped
    case sequential
    case datagrams

    var run: SyntheticRun {
        var run = SyntheticRun()
        run.id = "\(rawValue)-20261118T120640Z"
        switch self {
        case .clean: break
        case .lab:
            run.isLab = true
            run.hasTruth = true
        case .spot:
            run.market = .spot
            run.hasEventTimes = false
        case .tiny:
            run.lanes = 1
            run.warmUpSeconds = 0
            run.seconds = 3
            run.eventsPerSecond = 3.4
        case .onePath:
            run.paths = [PathSpecification(name: "baseline", kind: .direct)]
        case .troubled:
            run.allowUnsynchronised = true
            run.hasBadClock = true
            run.lostInFlight = Set(400...411)
            run.directGap = 12...14.5
            run.repeatsEvents = true
            run.invalidMessages = 3
            run.retransmissions = [(4.2, 1), (8.5, 3), (21.3, 2)]
        case .jumped:
            run.clockSteps = [(20.5, 2_500_000)]
        case .sequential:
            run.mode = .sequential
        case .datagrams:
            run.paths[1].transport = .udp
            run.lostInFlight = [100, 101, 400, 900]
            run.hostDrops = 2
        }
        return run
    }

    /// The analysis of the run as it comes from its directory.
    func analysis() throws -> RunAnalysis {
        let directory = try run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        return try RunAnalyzer.analyze(runDirectory: directory.path)
    }
}
