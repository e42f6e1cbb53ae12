/// A drawing with its caption, legend, and the values behind it: what is seen can also be read, by hovering, by
/// keyboard, and as a table without any script.
struct Figure {
    /// One drawing of the figure, for a range of widths.
    struct Drawing {
        /// Its name is that of the widths of screen that show it.
        var size: Size
        var height: Double
        var shapes: [String]
        /// Where the readout's positions and values are on this drawing; nil without a readout.
        var maps: Maps?
    }

    /// A width that figures are drawn at, so that text keeps its size on every screen.
    struct Size {
        var name: String
        var width: Double

        static let vast = Size(name: "vast", width: 1_764)
        static let wide = Size(name: "wide", width: 1_180)
        static let middle = Size(name: "middle", width: 720)
        static let narrow = Size(name: "narrow", width: 344)
        static let broad = Size(name: "broad", width: 862)
        static let half = Size(name: "half", width: 575)

        /// For figures as wide as the page.
        static let full = [vast, wide, middle, narrow]
        /// For figures that stand in pairs where there is room.
        static let pair = [broad, half, narrow]
        /// For figures as wide as the page that share the width of a very wide one with a table.
        static let shared = [broad, wide, middle, narrow]
    }

    /// `place = a + b * value` for the position, and for each series' value.
    struct Maps {
        var position: [Double]
        var values: [[Double]]
        /// The extent of the cross-hair on the other axis.
        var from: Double
        var to: Double
    }

    /// Values at places along one axis.
    struct Readout {
        struct Stop {
            var position: Double
            var title: String
            var values: [Double?]
            var texts: [String]
            /// Whether it is a row of the table, which is shorter than what can be pointed at.
            var isRow = true
            /// Where each text stands in `analysis.json`.
            var pointers: [String?] = []
        }

        /// `x` or `y`.
        var axis: String
        /// What the stops' titles are.
        var header: String
        /// What the texts are, one a series; the first ones have marks.
        var names: [String]
        /// The series whose mark and colour each text has; nil for a text without one.
        var series: [Int?]
        var stops: [Stop]
    }

    var id: String
    var title: String
    /// Whether the title is seen; where the part of the page has the same one it is there for screen readers only.
    var isTitleShown = true
    /// What it shows, in a sentence or two; also its description for screen readers.
    var caption: String
    /// Names of series in the order of their styles; empty without a legend.
    var legend: [(series: Int, name: String)]
    var drawings: [Drawing]
    var readout: Readout?
    /// Further HTML below the drawing.
    var notes: [String] = []

    var html: String {
        let keys = legend.map { entry in
            "<li><svg class=\"key\" viewBox=\"0 0 34 12\" aria-hidden=\"true\">"
                + SVG.line(0, 6, 34, 6, class: SeriesStyle.line(entry.series))
                + SVG.mark(17, 6, series: entry.series) + "</svg>" + Markup.prose(entry.name) + "</li>"
        }
        let legend = keys.isEmpty ? "" : "<ul class=\"legend\">" + keys.joined() + "</ul>\n"
        return
            "<figure id=\"\(id)\">\n<figcaption><h3\(isTitleShown ? "" : " class=\"unseen\"")>\(Markup.escape(title))</h3>\n<p>\(Markup.prose(caption))</p>"
            + "</figcaption>\n" + legend + drawings.map(draw).joined(separator: "\n") + data + table
            + notes.joined(separator: "\n") + "\n</figure>"
    }

    private func draw(_ drawing: Drawing) -> String {
        let name = "\(id)-\(drawing.size.name)"
        let maps = drawing.maps.map { maps in
            let values = maps.values.map { "[\(Self.list($0))]" }.joined(separator: ",")
            return
                " data-map='{\"p\":[\(Self.list(maps.position))],\"v\":[\(values)],\"from\":\(Self.list([maps.from])),"
                + "\"to\":\(Self.list([maps.to]))}'"
        }
        let focus = readout == nil ? "" : " tabindex=\"0\""
        return "<svg class=\"plot \(drawing.size.name)\" viewBox=\"0 0 \(SVG.number(drawing.size.width)) "
            + "\(SVG.number(drawing.height))\" role=\"img\" aria-labelledby=\"\(name)-t \(name)-d\"\(focus)\(maps ?? "")>\n"
            + "<title id=\"\(name)-t\">\(Markup.escape(title))</title>\n<desc id=\"\(name)-d\">\(Markup.prose(caption))"
            + (readout == nil ? "" : " The values are in the table below.") + "</desc>\n"
            + drawing.shapes.filter { !$0.isEmpty }.joined(separator: "\n") + "\n</svg>"
    }

    private static func list(_ values: [Double]) -> String {
        values.map { abs($0) < 1e12 ? Self.significant($0) : "0" }.joined(separator: ",")
    }

    /// Enough digits for a place on a drawing.
    private static func significant(_ value: Double) -> String { "\((value * 1e6).rounded() / 1e6)" }

    /// What the script needs to answer a pointer or the arrow keys.
    private var data: String {
        guard let readout else { return "" }
        let stops = readout.stops.map { stop in
            let values = stop.values.map { $0.map(Self.significant) ?? "null" }.joined(separator: ",")
            let texts = stop.texts.map { Self.quoted(Markup.signs($0)) }.joined(separator: ",")
            return
                "[\(Self.significant(stop.position)),\(Self.quoted(Markup.signs(stop.title))),[\(values)],[\(texts)]]"
        }
        let names = readout.names.map { Self.quoted(Markup.signs($0)) }.joined(separator: ",")
        let series = readout.series.map { $0.map { String($0 % SeriesStyle.count) } ?? "null" }.joined(separator: ",")
        return
            "\n<script type=\"application/json\" class=\"readout\">{\"axis\":\"\(readout.axis)\",\"names\":[\(names)],"
            + "\"series\":[\(series)],\"stops\":[" + stops.joined(separator: ",") + "]}</script>"
    }

    /// A JSON string that is harmless inside of HTML, too.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private var table: String {
        guard let readout else { return "" }
        let table = TableMarkup(
            caption: title,
            header: [.text(readout.header)] + readout.names.map { .init(html: Markup.prose($0)) },
            rows: readout.stops.filter(\.isRow).map { stop in
                [.text(stop.title)]
                    + stop.texts.enumerated().map { index, text in
                        .figure(text, index < stop.pointers.count ? stop.pointers[index] : nil)
                    }
            }
        )
        return
            "\n<details><summary>Values<span class=\"unseen\"> of \(Markup.escape(title))</span></summary>\n\(table.html)\n"
            + "</details>\n"
    }
}
