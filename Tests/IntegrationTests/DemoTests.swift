import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// `latexp run experiments/demo.json`, as a newcomer types it.
    struct DemoTests {
        @Test("The demo measures what the simulated world knows to be true", .timeLimit(.minutes(3)))
        func truth() async throws {
            try await checkTruth(seed: 1)
        }

        @Test("Two runs at once do not disturb each other: both measure what is true", .timeLimit(.minutes(3)))
        func twoAtOnce() async throws {
            async let first: Void = checkTruth(seed: 2)
            async let second: Void = checkTruth(seed: 3)
            _ = try await (first, second)
        }

        private func checkTruth(seed: Int) async throws {
            try await withTemporaryFolder { folder in
                let arguments = ["run", "experiments/demo.json", "--seed", "\(seed)", "--runs", folder]
                let result = try await LatexpCommand.run(arguments)
                #expect(result.status == 0, "\(result.errors)")
                let directory = try LatexpCommand.latestRun(in: folder)
                let analysis = try LatexpCommand.analysis(directory)
                let record = try LatexpCommand.record(directory)
                let lab = try #require(record.experiment.lab)
                let truth = try #require(analysis.labTruth)
                #expect(truth.paths.map(\.path) == ["baseline", "backbone"])
                let jitters = [
                    "baseline": lab.direct.jitter.ns, "backbone": lab.tokyo.jitter.ns + lab.backbone.jitter.ns,
                ]
                for path in truth.paths {
                    let measured = try #require(path.measuredNs?.median)
                    let allowedNs = 1_000_000 + Double(try #require(jitters[path.path]))
                    print("seed \(seed) \(path.path): measured \(measured / 1e6) ms, true \(path.medianNs / 1e6) ms")
                    #expect(abs(measured - path.medianNs) <= allowedNs)
                    #expect(path.compared > 500, "too few events were compared: \(path.compared)")
                }
                let measured = try #require(analysis.differences.first?.firstArrivalsNs.median)
                let known = try #require(truth.differenceMedianNs)
                print("seed \(seed) difference: measured \(measured / 1e6) ms, true \(known / 1e6) ms")
                #expect(abs(measured - known) <= 300_000)
                #expect(analysis.verdict.winner == "backbone")
                #expect(analysis.conservation.allSatisfy { $0.mismatches.isEmpty })
                Self.checkWhatWasPrinted(result, record, in: folder)
                try Self.checkNothingIsLeft(directory, record)
            }
        }

        /// Verdict first, the truth beside the figures, the phases in their order, the files at the end.
        private static func checkWhatWasPrinted(_ result: LatexpCommand.Result, _ record: RunRecord, in folder: String)
        {
            for text in ["VERDICT  backbone is sooner than baseline", "MEASURED BESIDE THE TRUTH", "SIDE BY SIDE"] {
                #expect(result.output.contains(text))
            }
            // The name of a folder cannot be broken.
            let tooWide = result.output.split(separator: "\n").filter { $0.count > 80 && !$0.contains(folder) }
            #expect(tooWide.isEmpty, "wider than 80 columns: \(tooWide)")
            #expect(
                record.phases.map(\.name) == [
                    "plan", "connect", "inspect", "push", "clock", "start frankfurt", "start tokyo", "measure",
                    "collect",
                    "clock after", "clean up", "analyse", "report",
                ]
            )
            for phase in record.phases {
                #expect(phase.outcome == .passed, "\(phase.name): \(phase.checks)")
                #expect(!phase.checks.isEmpty, "\(phase.name) shows no evidence")
                #expect(result.errors.contains("\(phase.name) done"), "\(phase.name) was not printed")
            }
            #expect(result.errors.contains("report.html"))
            #expect(record.outcome == .done)
        }

        /// No process, no folder on the hosts, no keys in the run's directory.
        private static func checkNothingIsLeft(_ directory: String, _ record: RunRecord) throws {
            #expect(LatexpCommand.processes(holding: directory).isEmpty)
            #expect(LatexpCommand.processes(holding: record.nameOnHosts).isEmpty)
            for host in record.hosts.values {
                let path = try #require(host.directory)
                #expect(!FileManager.default.fileExists(atPath: path), "\(path) was left")
            }
            let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
            #expect(!files.contains { $0.contains("id_ed25519") || $0.hasSuffix("secret") || $0.hasSuffix(".key") })
        }

        @Test("An ordinary user needs no rights", .timeLimit(.minutes(2)))
        func ordinaryUser() async throws {
            try await withTemporaryFolder { folder in
                for program in ["latexp", "latexp-agent", "latexp-lab"] {
                    try FileManager.default.copyItem(
                        atPath: "\(LatexpCommand.programs)/\(program)",
                        toPath: "\(folder)/\(program)"
                    )
                }
                let file = try LatexpCommand.experiment(
                    "demo.json",
                    in: folder,
                    replacing: LatexpCommand.shortWithVerdict
                )
                let result = try await OrdinaryUser.with(ownerOf: folder) { user in
                    try await LatexpCommand.run(
                        ["run", file, "--runs", folder + "/runs"],
                        environment: ["HOME": user.home, "LATEXP_LAB": folder + "/latexp-lab"],
                        launcher: user.launcher,
                        programs: folder
                    )
                }
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output.contains("VERDICT  backbone is sooner"))
            }
        }
    }
}
