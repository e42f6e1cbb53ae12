import ExperimentModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the plan that the laptop sent.
public enum PlanFile {
    /// The plan in the file at `path`.
    ///
    /// - Throws: `AgentError` `badPlan` when it is missing, unreadable, or of another version.
    public static func read(path: String) throws -> AgentPlan {
        let data = try WholeFile.data(path, what: "the plan")
        let plan: AgentPlan
        do {
            plan = try JSONDecoder().decode(AgentPlan.self, from: data)
        } catch {
            throw AgentError(
                .badPlan,
                "\(path) is not a plan of this version of latexp (\(LatexpVersion.text)): \(error)"
            )
        }
        guard plan.format == AgentPlan.currentFormat else {
            throw AgentError(
                .badPlan,
                "\(path) has plan format \(plan.format), this agent reads \(AgentPlan.currentFormat): push the agent again"
            )
        }
        return plan
    }
}
