import ExperimentModel
import Reporting

/// How a command about a campaign came out.
public struct CampaignOutcome: Sendable {
    /// The campaign's directory.
    public var directory: CampaignDirectory
    /// The manifest as it was saved last.
    public var record: CampaignRecord
    /// The figures over its runs so far; nil when none could be made.
    public var analysis: CampaignAnalysis?
    /// Why it could not go on, if it could not.
    public var error: OrchestrationError?

    /// What the command tells its caller.
    public var status: CommandStatus {
        if let error { return error.code.exitStatus }
        guard record.outcome == .done else { return .done }
        if !record.slots.contains(where: \.isMeasured) { return .measurementFailed }
        return analysis?.isVerdictUnusable == true ? .verdictUnusable : .done
    }
}
