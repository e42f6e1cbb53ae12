/// The forms in which results are printed.
public enum OutputFormat: String, Codable, CaseIterable, Sendable {
    /// For a terminal of 80 columns.
    case text
    /// For a pull request.
    case markdown
    /// All values, for programs.
    case json
    /// One row a path and metric, RFC 4180.
    case csv

    /// An analysis in this form.
    ///
    /// - Parameters:
    ///   - analysis: what was found.
    ///   - isBrief: as text, only what one looks at first; the other forms are always whole.
    /// - Throws: `EncodingError` if the analysis holds what JSON cannot (it never should).
    public func render(_ analysis: RunAnalysis, isBrief: Bool = false) throws -> String {
        switch self {
        case .text: TextReport.render(isBrief ? RunDocument(analysis).brief : RunDocument(analysis).document)
        case .markdown: MarkdownReport.render(RunDocument(analysis).document)
        case .json: try JSONReport.render(analysis)
        case .csv: CSVReport.render(analysis)
        }
    }

    /// A comparison in this form.
    ///
    /// - Throws: `EncodingError` if the comparison holds what JSON cannot (it never should).
    public func render(_ comparison: RunComparison) throws -> String {
        switch self {
        case .text: TextReport.render(ComparisonDocument(comparison).document)
        case .markdown: MarkdownReport.render(ComparisonDocument(comparison).document)
        case .json: try JSONReport.render(comparison)
        case .csv: CSVReport.render(comparison)
        }
    }
}
