/// A part of a report's page, under a heading of its own.
struct PagePart {
    var id: String
    var title: String
    /// What it is called where room is scarce.
    var short: String
    var contents: [String]
    /// Whether it may stand beside its neighbour where the screen is wide.
    var isNarrow: Bool

    init(_ id: String, _ title: String, short: String? = nil, isNarrow: Bool = false, _ contents: [String]) {
        self.id = id
        self.title = title
        self.short = short ?? title
        self.isNarrow = isNarrow
        self.contents = contents.filter { !$0.isEmpty }
    }

    /// Links to all parts.
    static func navigation(_ parts: [PagePart]) -> String {
        let links = parts.map { "<li><a href=\"#\($0.id)\">\(Markup.escape($0.short))</a></li>" }
        return """
            <nav aria-label="Parts of this report">
            <ul>
            \(links.joined(separator: "\n"))
            </ul>
            </nav>
            """
    }

    /// All parts in their order; two narrow ones after each other share a row of a wide screen.
    static func html(_ parts: [PagePart]) -> String {
        var rows: [[PagePart]] = []
        for part in parts {
            if part.isNarrow, let last = rows.last, last.count == 1, last[0].isNarrow {
                rows[rows.count - 1].append(part)
            } else {
                rows.append([part])
            }
        }
        return rows.map { row in
            let sections = row.map { Markup.section($0.id, $0.title, $0.contents) }.joined(separator: "\n")
            return row.count == 1 ? sections : "<div class=\"sideways\">\n\(sections)\n</div>"
        }
        .joined(separator: "\n")
    }
}
