/// The version of latexp, the same for the laptop's command, the agent and the laboratory.
public enum LatexpVersion {
    /// The version's text.
    public static let text = "0.1.0"
}
