/// Warnings where they matter: what may overturn the reading right under the verdict, the rest beside what it is about.
struct PlacedWarnings {
    private let warnings: [AnalysisWarning]

    init(_ warnings: [AnalysisWarning]) {
        self.warnings = warnings
    }

    /// What belongs under the verdict.
    var html: String { Markup.warnings(warnings.filter { $0.place == .top }.map(Markup.warning)) }

    /// What belongs beside a part of the report.
    func html(_ place: AnalysisWarning.Place) -> String {
        warnings.filter { $0.place == place }
            .map { "<p class=\"note\"><b>Note:</b> \(Markup.prose($0.text))</p>" }.joined(separator: "\n")
    }
}
