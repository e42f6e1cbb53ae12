/// Warnings where they matter: what may overturn the reading right under the verdict, the rest beside what it is about.
struct PlacedWarnings {
    private let warnings: [AnalysisWarning]

    init(_ warnings: [AnalysisWarning]) {
        self.warnings = warnings
    }

    /// What belongs under the verdict.
    var html: String {
        let top = warnings.filter { $0.place == .top }
        guard !top.isEmpty else { return "" }
        let items = top.map {
            "<li>\($0.makesVerdictUnusable ? "<b>No verdict:</b> " : "")\(Markup.prose($0.text))</li>"
        }
        return "<section class=\"warnings\" id=\"warnings\" aria-labelledby=\"warnings-title\">\n"
            + "<h2 id=\"warnings-title\">\(Format.plural(top.count, "warning"))</h2>\n<ul>\n"
            + items.joined(separator: "\n") + "\n</ul>\n</section>"
    }

    /// What belongs beside a part of the report.
    func html(_ place: AnalysisWarning.Place) -> String {
        warnings.filter { $0.place == place }
            .map { "<p class=\"note\"><b>Note:</b> \(Markup.prose($0.text))</p>" }.joined(separator: "\n")
    }
}
