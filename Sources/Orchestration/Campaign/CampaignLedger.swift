import ExperimentModel
import Foundation
import Reporting

/// A campaign's manifest and reports while somebody works on them: every change is saved at once.
struct CampaignLedger: Sendable {
    let directory: CampaignDirectory
    private(set) var record: CampaignRecord
    /// The newest figures.
    private(set) var analysis: CampaignAnalysis?

    init(_ directory: CampaignDirectory, _ record: CampaignRecord) {
        self.directory = directory
        self.record = record
    }

    /// Changes the manifest and saves it.
    mutating func update(_ change: (inout CampaignRecord) throws -> Void) throws {
        try change(&record)
        try directory.save(record)
    }

    /// Says what became of a slot.
    mutating func settle(
        _ index: Int,
        _ state: CampaignSlot.State,
        _ reason: String?,
        at seconds: Double?
    ) throws {
        try update { record in
            record.slots[index].state = state
            record.slots[index].reason = reason.map { Self.oneLine($0) }
            record.slots[index].endedSeconds = seconds
        }
    }

    /// Makes the reports over all runs anew.
    ///
    /// - Throws: `ReportingError` `unwritable`.
    mutating func report() throws {
        var runs: [Int: RunAnalysis] = [:]
        for slot in record.slots where slot.isOver {
            guard let run = directory.run(of: slot) else { continue }
            runs[slot.number] = try? StandardReporter.analysis(of: run)
        }
        let made = CampaignAnalyzer.analyze(record, runs: runs)
        try noteCutShort(made.points)
        try CampaignWriter.write(made, to: directory.directory.url.path)
        analysis = made
    }

    /// Keeps in the manifest which slots their own figures show to have been cut short, and how short.
    private mutating func noteCutShort(_ points: [CampaignPoint]) throws {
        let cut = points.filter { $0.state == .cutShort }
        let isNews = cut.contains { point in
            record.slots.contains {
                $0.number == point.slot && ($0.state != .cutShort || $0.reason != point.reason)
            }
        }
        guard isNews else { return }
        try update { record in
            for point in cut {
                guard let index = record.slots.firstIndex(where: { $0.number == point.slot }) else { continue }
                record.slots[index].state = .cutShort
                record.slots[index].reason = point.reason
            }
        }
    }

    /// Ends the campaign when every slot is over; gives whether it has ended.
    mutating func endIfOver(at seconds: Double) throws -> Bool {
        guard record.slots.allSatisfy(\.isOver) else { return false }
        if record.outcome != .done {
            try update {
                $0.outcome = .done
                $0.endedSeconds = seconds
            }
        }
        return true
    }

    func outcome(_ error: OrchestrationError? = nil) -> CampaignOutcome {
        CampaignOutcome(directory: directory, record: record, analysis: analysis, error: error)
    }

    /// A reason as one line of bounded length: what hosts said may be in it.
    static func oneLine(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ").filter { !$0.isControl }
        return words.count > 400 ? words.prefix(399) + "…" : words
    }
}
