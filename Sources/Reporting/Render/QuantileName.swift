/// What quantiles are called.
enum QuantileName {
    /// `median`, `p90`, `p99.9`.
    static func of(_ probability: Double) -> String {
        guard probability != 0.5 else { return "median" }
        let percent = Format.fixed(probability * 100, 1)
        return "p" + (percent.hasSuffix(".0") ? String(percent.dropLast(2)) : percent)
    }
}
