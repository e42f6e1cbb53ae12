import ExperimentModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the campaign's plan that the laptop sent.
public enum CampaignPlanFile {
    /// The plan in the file at `path`.
    ///
    /// - Throws: `AgentError` `badPlan` when it is missing, unreadable, or of another version.
    public static func read(path: String) throws -> CampaignPlan {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw AgentError(.badPlan, "the campaign's plan \(path) cannot be read")
        }
        do {
            let plan = try JSONDecoder().decode(CampaignPlan.self, from: data)
            guard plan.format == CampaignPlan.currentFormat else {
                throw AgentError(
                    .badPlan,
                    "\(path) has campaign format \(plan.format), this agent reads \(CampaignPlan.currentFormat)"
                )
            }
            return plan
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(
                .badPlan,
                "\(path) is not a campaign's plan of this version of latexp (\(LatexpVersion.text)): \(error)"
            )
        }
    }
}
