import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Campaigns on separate hosts: one from the laptop, whose latexp is killed, and one that the hosts go through by themselves.
    struct CampaignTests {
        /// What one campaign left.
        private struct Found {
            var directory: String
            var record: CampaignRecord
            var analysis: CampaignAnalysis
        }

        @Test(
            "A campaign goes on after kill -9, another without a laptop, one is stopped; missed slots are told, nothing is left",
            .timeLimit(.minutes(4))
        )
        func attachedDetachedAndStopped() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    async let first = attached(folder + "/attached", lab)
                    async let second = detached(folder + "/detached", lab)
                    async let third = stopped(folder + "/stopped", lab)
                    let (attached, detached) = (try await first, try await second)
                    try await Self.expectNothingLeft(of: [attached, detached, try await third], lab, before)
                    try await expectLists(attached, lab)
                    try await ExportCheck.expectSameQuantiles(run: try Self.run(1, of: detached))
                }
            }
        }

        // MARK: From the laptop

        /// Three slots: the first is being measured when its latexp is killed, and nobody is there at the second's time.
        private func attached(_ folder: String, _ lab: NetworkLabCommand) async throws -> Found {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = try lab.experiment(in: folder, seconds: 3, replacing: Self.short(port: 8091))
            let every = 20.0
            let first = try LatexpInLab(
                ["run", file, "--repeat", "3", "--every", "20s"],
                runs: folder + "/runs",
                lab: lab
            )
            let record = try await Self.waitForCampaign(in: first.runs) { $0.slots[0].run != nil }
            #expect(record.slots.map(\.state) == [.running, .pending, .pending])
            let run = RunPlace(try first.directory + "/" + (try #require(record.slots[0].run)))
            try await run.waitForMeasuring()
            first.signal(SIGKILL)
            #expect(try await first.end() == -SIGKILL)

            let status = try await lab.latexp(["status", "latest", "--runs", first.runs])
            #expect(status.output.contains("abandoned, 0 of 3 slots done, 1 running, 2 to come"), "\(status.output)")
            // Later than the second may begin.
            let back = record.slots[1].plannedSeconds + every / 4 + 1
            try await Task.sleep(for: .seconds(max(0, back - Date().timeIntervalSince1970)))
            let resumed = try await lab.latexp(["resume", "latest", "--runs", first.runs])
            #expect(resumed.errors.contains("2 of 3 slots done, 1 missed"), "\(resumed.errors)")

            let found = try Self.found(in: first.runs)
            // Two runs may be too few for a verdict; what it is, the status must say.
            #expect(resumed.status == (found.analysis.isVerdictUnusable ? 1 : 0), "\(resumed.errors)")
            #expect(found.record.slots.map(\.state) == [.done, .missed, .done])
            let reason = try #require(found.record.slots[1].reason)
            #expect(reason.hasPrefix("no latexp worked on the campaign at its time"), "\(reason)")
            #expect(resumed.output.contains("slot 2 missed: no latexp worked"), "\(resumed.output)")
            let again = try await lab.latexp(["resume", "latest", "--runs", first.runs])
            #expect(again.status == 2 && again.errors.contains("is over and its runs are here"), "\(again.errors)")
            try Self.expectWholeReports(found)
            return found
        }

        // MARK: Without a laptop

        /// Three slots: both hosts sleep through the second, and the laptop comes once before the last is done.
        private func detached(_ folder: String, _ lab: NetworkLabCommand) async throws -> Found {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = try lab.experiment(in: folder, seconds: 2, replacing: Self.short(port: 8092))
            let runs = folder + "/runs"
            let armed = try await lab.latexp([
                "run", file, "--repeat", "3", "--every", "10s", "--detach", "--runs", runs,
            ])
            #expect(armed.status == 0, "\(armed.errors)")
            #expect(armed.output.contains("The laptop may be closed"), "\(armed.output)")
            let record = try Self.found(in: runs, needsAnalysis: false).record
            let supervisors = record.nameOnHosts

            // Asleep over the second slot's time: stopped, and going on when it is too late.
            let asleep = record.slots[1].plannedSeconds
            try await Task.sleep(for: .seconds(max(0, asleep - 1 - Date().timeIntervalSince1970)))
            let processes = Self.supervisors(of: supervisors)
            #expect(processes.count == 2)
            for process in processes { kill(process, SIGSTOP) }
            let status = try await lab.latexp(["status", "latest", "--runs", runs])
            #expect(
                status.output.contains("frankfurt: its supervisor is running, 1 done, 2 to come"),
                "\(status.output)"
            )
            try await Task.sleep(for: .seconds(max(0, asleep + 3.5 - Date().timeIntervalSince1970)))
            for process in processes { kill(process, SIGCONT) }

            // Before the end: what is done comes home, the rest goes on.
            let third = record.slots[2].plannedSeconds
            try await Task.sleep(for: .seconds(max(0, third + 1 - Date().timeIntervalSince1970)))
            let early = try await lab.latexp(["resume", "latest", "--runs", runs])
            #expect(early.status == 0, "\(early.errors)")
            #expect(early.errors.contains("1 of 3 slots done, 1 missed, 1 to come"), "\(early.errors)")
            #expect(early.errors.contains("The hosts go on by themselves"), "\(early.errors)")

            try await Self.waitForNoProcess(in: supervisors)
            let resumed = try await lab.latexp(["resume", "latest", "--runs", runs])
            let found = try Self.found(in: runs)
            #expect(resumed.status == (found.analysis.isVerdictUnusable ? 1 : 0), "\(resumed.errors)")
            #expect(found.record.slots.map(\.state) == [.done, .missed, .done], "\(found.record.slots)")
            let reason = try #require(found.record.slots[1].reason)
            #expect(reason.contains("frankfurt missed: nobody was there at its time"), "\(reason)")
            #expect(reason.contains("tokyo missed: nobody was there at its time"), "\(reason)")
            for slot in found.record.slots where slot.state == .done {
                let began = try #require(slot.beganSeconds)
                #expect(abs(began - slot.plannedSeconds) < 1, "slot \(slot.number)")
                let run = try LatexpCommand.record(found.directory + "/" + (try #require(slot.run)))
                #expect(run.outcome == .done)
                #expect(run.hosts.values.allSatisfy { $0.clockBefore?.tracking != nil && $0.clockAfter != nil })
            }
            try Self.expectWholeReports(found)
            return found
        }

        // MARK: Stopped

        /// Its first slot is being measured when it is stopped.
        private func stopped(_ folder: String, _ lab: NetworkLabCommand) async throws -> Found {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let file = try lab.experiment(in: folder, seconds: 60, replacing: Self.short(port: 8093))
            let runs = folder + "/runs"
            let armed = try await lab.latexp([
                "run", file, "--repeat", "3", "--every", "2m", "--detach", "--runs", runs,
            ])
            #expect(armed.status == 0, "\(armed.errors)")
            let record = try Self.found(in: runs, needsAnalysis: false).record
            let place = Self.home + "/.cache/latexp/runs/\(record.nameOnHosts)/frankfurt-b0/s1-b1"
            try await RunPlace.wait(for: "a receiver that measures") { RunPlace.isMeasuring(place) }
            let stop = try await lab.latexp(["stop", "latest", "--runs", runs])
            #expect(stop.status == 0 && stop.output.contains("stopped on frankfurt, tokyo"), "\(stop.output)")
            #expect(LatexpCommand.processes(holding: record.nameOnHosts).isEmpty)
            let resumed = try await lab.latexp(["resume", "latest", "--runs", runs])
            // Nothing was measured as planned.
            #expect(resumed.status == 5, "\(resumed.errors)")
            let found = try Self.found(in: runs)
            #expect(found.record.slots.map(\.state) == [.failed, .missed, .missed])
            #expect(found.record.slots[0].reason?.contains("frankfurt failed: stopped") == true)
            #expect(found.record.slots[2].reason?.hasPrefix("the campaign was stopped at") == true)
            // What was measured until then is there.
            let run = try Self.run(1, of: found)
            #expect(FileManager.default.fileExists(atPath: run + "/hosts/frankfurt/block-1/samples.bin"))
            return found
        }

        @Test("What cannot be a campaign is refused before anything begins", .timeLimit(.minutes(1)))
        func refused() async throws {
            try await withTemporaryFolder { folder in
                let simulated = try await LatexpCommand.run([
                    "run", "experiments/demo.json", "--repeat", "2", "--every", "5m", "--detach", "--runs", folder,
                ])
                #expect(
                    simulated.status == 2 && simulated.errors.contains("leave --detach away"),
                    "\(simulated.errors)"
                )
                let often = try await LatexpCommand.run([
                    "run", "experiments/demo.json", "--repeat", "2", "--every", "10s", "--runs", folder,
                ])
                #expect(often.status == 2, "\(often.errors)")
                #expect(often.errors.contains("schedule.every: 10s is too short: one run measures for 33s"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
        }

        // MARK: Helpers

        private static var home: String { NSHomeDirectory() }

        private static func short(port: Int) -> [(String, String)] {
            [("8080", "\(port)"), ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\"")]
        }

        private static func run(_ slot: Int, of found: Found) throws -> String {
            let run = try #require(found.record.slots.first { $0.number == slot }?.run)
            return found.directory + "/" + run
        }

        private static func found(in runs: String, needsAnalysis: Bool = true) throws -> Found {
            let directory = try LatexpCommand.latestRun(in: runs)
            let record = try LatexpCommand.decode(CampaignRecord.self, directory + "/campaign.json")
            let file = directory + "/analysis.json"
            let analysis =
                needsAnalysis
                ? try LatexpCommand.decode(CampaignAnalysis.self, file) : CampaignAnalyzer.analyze(record, runs: [:])
            return Found(directory: directory, record: record, analysis: analysis)
        }

        private static func waitForCampaign(
            in runs: String,
            until condition: (CampaignRecord) -> Bool
        ) async throws -> CampaignRecord {
            let end = ContinuousClock.now + .seconds(90)
            while ContinuousClock.now < end {
                if let record = try? found(in: runs, needsAnalysis: false).record, condition(record) { return record }
                try await Task.sleep(for: .milliseconds(50))
            }
            return try found(in: runs, needsAnalysis: false).record
        }

        /// The supervisors of a campaign on all hosts of this machine.
        private static func supervisors(of campaign: String) -> [Int32] {
            let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
            return ids.filter { id in
                let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
                let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/exe")
                return place?.contains("/\(campaign)/") == true && program?.contains("/latexp-agent-") == true
            }
        }

        private static func waitForNoProcess(in campaign: String) async throws {
            try await RunPlace.wait(for: "the supervisors' own end") { supervisors(of: campaign).isEmpty }
        }

        private static func expectWholeReports(_ found: Found) throws {
            for name in ["analysis.json", "report.md", "report.html", "runs.csv"] {
                #expect(FileManager.default.fileExists(atPath: found.directory + "/" + name), "\(name)")
            }
            #expect(found.analysis.points.map(\.state) == found.record.slots.map(\.state))
            for point in found.analysis.points where point.state == .done {
                // What a run of its own says.
                let run = try LatexpCommand.analysis(found.directory + "/" + (try #require(point.run)))
                #expect(point.isCounted, "slot \(point.slot): \(run.warnings.filter(\.makesVerdictUnusable))")
                #expect(point.difference != nil && point.difference == run.differences.first?.median)
                #expect(point.verdict == run.verdict.headline)
            }
            let seeds = Set(found.record.slots.map(\.seed))
            #expect(seeds.count == 3, "each slot draws its own order")
        }

        private static func expectNothingLeft(
            of campaigns: [Found],
            _ lab: NetworkLabCommand,
            _ before: Set<String>
        ) async throws {
            for found in campaigns {
                let name = found.record.nameOnHosts
                #expect(supervisors(of: name).isEmpty)
                #expect(LatexpCommand.processes(holding: name).isEmpty)
                #expect(!FileManager.default.fileExists(atPath: "\(home)/.cache/latexp/runs/\(name)"))
                for slot in found.record.slots where slot.state == .done && !found.record.isDetached {
                    try await lab.expectNothingLeft(
                        of: found.directory + "/" + (try #require(slot.run)),
                        listenersBefore: before
                    )
                }
            }
            #expect(try await lab.listeners().subtracting(before).isEmpty)
        }

        /// `report --open` gives the page to the desktop's own opener.
        private static func expectOpens(_ found: Found, _ runs: String) async throws {
            let folder = runs + "/opener"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$(dirname \"$0\")/opened\"\n".utf8)
                .write(to: URL(filePath: folder + "/xdg-open"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/xdg-open")
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let opened = try await LatexpCommand.run(
                ["report", "latest", "--runs", runs, "--open"],
                environment: ["PATH": folder + ":" + path, "BROWSER": ""]
            )
            #expect(opened.errors.contains("Written to"), "\(opened.errors)")
            let page = try String(contentsOfFile: folder + "/opened", encoding: .utf8)
            #expect(page.hasSuffix("/\(found.record.id)/report.html\n"), "\(page)")
            // Without a desktop it says where the page is.
            let nowhere = try await LatexpCommand.run(
                ["report", "latest", "--runs", runs, "--open"],
                environment: ["PATH": "/nonexistent", "BROWSER": ""]
            )
            #expect(nowhere.errors.contains("nothing here opens files") && nowhere.errors.contains("file:///"))
        }

        /// `runs`, `report`, `status` and `compare` know campaigns.
        private func expectLists(_ found: Found, _ lab: NetworkLabCommand) async throws {
            let runs = URL(filePath: found.directory).deletingLastPathComponent().path
            let list = try await lab.latexp(["runs", "--runs", runs])
            #expect(list.output.contains("lab x3"), "\(list.output)")
            #expect(list.output.contains("2/3 "), "\(list.output)")
            for line in list.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
            let report = try await lab.latexp(["report", "latest", "--runs", runs, "--format", "json"])
            let analysis = try JSONDecoder().decode(CampaignAnalysis.self, from: Data(report.output.utf8))
            #expect(analysis == found.analysis)
            try await Self.expectOpens(found, runs)
            let status = try await lab.latexp(["status", "latest", "--runs", runs, "--format", "csv"])
            #expect(status.output.split(separator: "\r\n").count == 4, "\(status.output)")
            // A run of a slot has its own name everywhere.
            let run = try #require(found.record.slots[0].run).dropFirst("slots/".count)
            let one = try await lab.latexp(["report", String(run), "--runs", runs, "--format", "csv"])
            #expect(one.output.contains("baseline,end_to_end"), "\(one.errors)")
        }
    }
}

/// A run's place on the hosts of a lab, which have their files on this machine.
struct RunPlace {
    private let directory: String

    init(_ directory: String) { self.directory = directory }

    /// Waits until its receiver measures.
    func waitForMeasuring() async throws {
        try await Self.wait(for: "a receiver that measures") {
            guard let record = try? LatexpCommand.record(directory) else { return false }
            return Self.isMeasuring("\(NSHomeDirectory())/.cache/latexp/runs/\(record.nameOnHosts)/frankfurt-b1")
        }
    }

    static func isMeasuring(_ folder: String) -> Bool {
        (try? LatexpCommand.decode(AgentStatus.self, folder + "/status.json"))?.state == .measuring
    }

    static func wait(for what: String, until condition: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(90)
        while !condition() {
            try #require(ContinuousClock.now < end, "waited in vain for \(what)")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
