import ExperimentModel

extension AgentStatus {
    /// What a receiver in Frankfurt says that measures.
    static func measuring(_ lanes: [LaneStatus], differenceMedianMs: Double? = nil) -> AgentStatus {
        AgentStatus(
            runID: "r",
            host: "frankfurt",
            role: .receive,
            state: .measuring,
            at: Timestamp(wallNs: 0, monotonicNs: 0),
            lanes: lanes,
            differenceMedianMs: differenceMedianMs
        )
    }
}
