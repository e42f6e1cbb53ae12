/// Pieces of HTML.
enum Markup {
    /// Text that may hold anything, as HTML.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Text of ours as HTML, with the signs that print has and terminals may not.
    static func prose(_ text: String) -> String { escape(signs(text)) }

    /// Text with a true minus before numbers, "to" in ranges, and micro.
    static func signs(_ text: String) -> String {
        let characters = Array(text)
        func at(_ index: Int) -> Character { characters.indices.contains(index) ? characters[index] : " " }
        var shown = ""
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character == ".", at(index + 1) == ".", at(index - 1).isNumber,
                at(index + 2).isNumber || at(index + 2) == "-" || at(index + 2) == "+"
            {
                shown += at(index + 2) == "-" ? " to \u{2212}" : " to "
                index += at(index + 2) == "-" ? 3 : 2
                continue
            }
            if character == " ", at(index - 1).isNumber, Self.isUnit(at(index + 1), at(index + 2), at(index + 3)) {
                // A number and its unit stay on one line.
                shown.append("\u{A0}")
            } else if character == "-", at(index - 1) == " " || at(index - 1) == "(",
                at(index + 1).isNumber || at(index + 1) == " "
            {
                shown.append("\u{2212}")
            } else if character == "u", at(index - 1) == " ", at(index + 1) == "s", !at(index + 2).isLetter,
                at(index - 2).isNumber
            {
                shown.append("\u{B5}")
            } else {
                shown.append(character)
            }
            index += 1
        }
        return shown
    }

    /// Whether "%", "ms", "us" or "s" begins here.
    private static func isUnit(_ first: Character, _ second: Character, _ third: Character) -> Bool {
        switch first {
        case "%": true
        case "m", "u": second == "s" && !third.isLetter
        case "s": !second.isLetter
        default: false
        }
    }

    /// A number that stands in `analysis.json` at `pointer` (RFC 6901), so that it can be looked up there.
    static func figure(_ text: String, _ pointer: String?) -> String {
        guard let pointer else { return prose(text) }
        return "<data value=\"\(escape(text))\" data-json=\"\(escape(pointer))\">\(prose(text))</data>"
    }

    static func paragraph(_ text: String, class name: String? = nil) -> String {
        "<p\(name.map { " class=\"\($0)\"" } ?? "")>\(prose(text))</p>"
    }

    static func list(_ items: [String]) -> String {
        guard !items.isEmpty else { return "" }
        return "<ul>\n" + items.map { "<li>\(prose($0))</li>" }.joined(separator: "\n") + "\n</ul>"
    }

    /// The part of a page under its verdict that has warnings, given as HTML; nothing without any.
    static func warnings(_ items: [String]) -> String {
        guard !items.isEmpty else { return "" }
        return "<section class=\"warnings\" id=\"warnings\" aria-labelledby=\"warnings-title\">\n"
            + "<h2 id=\"warnings-title\">\(Format.plural(items.count, "warning"))</h2>\n<ul>\n"
            + items.map { "<li>\($0)</li>" }.joined(separator: "\n") + "\n</ul>\n</section>"
    }

    /// A warning of a run or of a comparison, marked where it leaves no verdict.
    static func warning(_ warning: AnalysisWarning) -> String {
        (warning.makesVerdictUnusable ? "<b>No verdict:</b> " : "") + prose(warning.text)
    }

    /// A part of the page with its heading; nothing without contents.
    static func section(_ id: String, _ title: String, _ parts: [String]) -> String {
        let contents = parts.filter { !$0.isEmpty }
        guard !contents.isEmpty else { return "" }
        return "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">\n<h2 id=\"\(id)-title\">\(escape(title))</h2>\n"
            + contents.joined(separator: "\n") + "\n</section>"
    }
}

/// A table of a report in HTML; it scrolls by itself where it is wider than the screen.
struct TableMarkup {
    /// A cell, as HTML.
    struct Cell {
        var html: String
        var isText = false

        /// A cell of text.
        static func text(_ text: String) -> Cell { Cell(html: Markup.prose(text), isText: true) }
        /// A cell of a number that is text already.
        static func number(_ text: String) -> Cell { Cell(html: Markup.prose(text)) }
        /// A cell of a number that stands in `analysis.json`.
        static func figure(_ text: String, _ pointer: String?) -> Cell { Cell(html: Markup.figure(text, pointer)) }
    }

    /// What screen readers say the table is.
    var caption: String
    var header: [Cell]
    var rows: [[Cell]]
    var isCaptionShown = false

    var html: String {
        let head = header.map { "<th scope=\"col\"\($0.isText ? " class=\"text\"" : "")>\($0.html)</th>" }
        let body = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == 0
                    ? "<th scope=\"row\">\(cell.html)</th>"
                    : "<td\(cell.isText ? " class=\"text\"" : "")>\(cell.html)</td>"
            }
            return "<tr>" + cells.joined() + "</tr>"
        }
        return
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(Markup.escape(caption))\">\n<table>\n"
            + "<caption\(isCaptionShown ? "" : " class=\"unseen\"")>\(Markup.prose(caption))</caption>\n"
            + "<thead><tr>\(head.joined())</tr></thead>\n<tbody>\n" + body.joined(separator: "\n")
            + "\n</tbody>\n</table>\n</div>"
    }

    /// The shared documents' table.
    init(_ table: ReportDocument.Table, caption: String) {
        self.caption = caption
        header = table.header.enumerated().map {
            Cell(html: Markup.prose($1), isText: table.textColumns.contains($0))
        }
        rows = table.rows.map { row in
            row.enumerated().map { table.textColumns.contains($0) ? .text($1) : .number($1) }
        }
    }

    init(caption: String, header: [Cell], rows: [[Cell]], isCaptionShown: Bool = false) {
        self.caption = caption
        self.header = header
        self.rows = rows
        self.isCaptionShown = isCaptionShown
    }
}
