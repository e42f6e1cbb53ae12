/// A campaign's report as one self-contained file, of the same make as a run's.
public enum CampaignHTML {
    /// The page.
    public static func render(_ analysis: CampaignAnalysis) -> String {
        HTMLPage(title: analysis.campaignID, style: CampaignPlot.css, body: CampaignPage(analysis).body).html
    }
}
