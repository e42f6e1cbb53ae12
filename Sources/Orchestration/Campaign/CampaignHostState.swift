import ExperimentModel

/// What one host of a detached campaign does now.
public struct CampaignHostState: Sendable {
    /// The host.
    public var host: String
    /// Its supervisor; nil when the host could not be asked.
    public var process: AgentProcessState?
    /// What came of each of its tasks so far.
    public var tasks: [CampaignTaskRecord]
    /// Why the host could not be asked, or not be stopped.
    public var failure: String?

    init(_ answer: CampaignSupervisors.Answer) {
        host = answer.host
        process = answer.process
        tasks = answer.status?.tasks ?? []
        failure = answer.failure
    }

    /// Its tasks in a few words: "3 done, 1 missed, 20 to come".
    public var counts: String { CampaignText.counts(tasks) }
}
