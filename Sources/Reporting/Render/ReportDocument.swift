/// A report's contents without its form: what the text, Markdown and HTML renderers have in common.
struct ReportDocument {
    /// One part with a heading.
    struct Section {
        var title: String
        var blocks: [Block]
    }

    /// What a section is made of.
    enum Block {
        case paragraph(String)
        case list([String])
        case table(Table)
    }

    /// A table; the first column is text, all others are numbers unless said otherwise.
    struct Table {
        var header: [String]
        var rows: [[String]]
        /// Columns that are text, set to the left.
        var textColumns: Set<Int> = [0]
    }

    /// The first line.
    var title: String
    /// Facts under it.
    var subtitle: String
    /// The verdict's word.
    var verdict: Verdict
    /// What makes the verdict unusable, or nil.
    var isUnusable: Bool
    var sections: [Section]
    /// How many of the sections are for everybody's first look, where others can be folded away; nil when all are.
    var firstLook: Int?
}
