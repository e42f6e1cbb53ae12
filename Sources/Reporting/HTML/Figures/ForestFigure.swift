import LatencyStatistics

/// One row of a forest plot.
struct ForestRow {
    var name: String
    var intervals: [QuantileInterval?]
    /// Where each interval stands in the JSON file.
    var pointers: [String?]
}

/// Differences with their intervals, one under the other, against a line at zero.
struct ForestFigure {
    var id: String
    var title: String
    var caption: String
    var names: [String]
    var series: [Int]
    var rows: [ForestRow]
    /// What cannot be told from zero for the clocks' sake, on either side of it; nil where that is nothing.
    var bandNs: Double?

    var figure: Figure {
        Figure(
            id: id,
            title: title,
            caption: caption,
            legend: names.count > 1 ? zip(series, names).map { ($0, $1) } : [],
            drawings: Figure.Size.pair.map(draw),
            readout: nil,
            notes: [
                "<details><summary>Values<span class=\"unseen\"> of \(Markup.escape(title))</span></summary>\n"
                    + table.html + "\n</details>"
            ]
        )
    }

    private func draw(_ size: Figure.Size) -> Figure.Drawing {
        let tall = names.count > 1 ? 40.0 : 30.0
        let height = tall * Double(rows.count) + 60
        let ends = rows.flatMap(\.intervals).compactMap { $0 }.flatMap {
            [$0.value, $0.low, $0.high].compactMap { $0 }
        }
        let frame = Frame(
            left: 58,
            right: size.width - 12,
            top: 14,
            bottom: height - 42,
            x: Frame.range(ends.map { $0 / 1e6 } + [0] + (bandNs.map { [-$0 / 1e6, $0 / 1e6] } ?? [])),
            y: 0...1
        )
        var shapes: [String] = []
        if let bandNs {
            let start = frame.x(-bandNs / 1e6)
            shapes.append(
                SVG.rect(start, frame.top, frame.x(bandNs / 1e6) - start, frame.bottom - frame.top, class: "floor")
            )
        }
        shapes.append(SVG.line(frame.x(0), frame.top, frame.x(0), frame.bottom, class: "zero"))
        for (index, row) in rows.enumerated() {
            let middle = frame.top + (Double(index) + 0.5) * tall
            shapes.append(SVG.text(frame.left - 8, middle + 4, row.name, anchor: "end", class: "strong"))
            for (number, interval) in row.intervals.enumerated() {
                guard let interval else { continue }
                let y = middle + (Double(number) - Double(row.intervals.count - 1) / 2) * 14
                let name = "line s\(series[number] % SeriesStyle.count) whole"
                if let low = interval.low, let high = interval.high {
                    let ends = (frame.x(low / 1e6), frame.x(high / 1e6))
                    shapes.append(SVG.line(ends.0, y, ends.1, y, class: name))
                    shapes += [ends.0, ends.1].map { SVG.line($0, y - 4, $0, y + 4, class: name) }
                }
                shapes.append(SVG.mark(frame.x(interval.value / 1e6), y, series: series[number], size: 3.2))
            }
        }
        shapes += frame.xAxis("ms", most: size.name == "narrow" ? 4 : 6)
        return Figure.Drawing(size: size, height: height, shapes: shapes)
    }

    private var table: TableMarkup {
        TableMarkup(
            caption: title,
            header: [.text("")]
                + names.flatMap { [TableMarkup.Cell(html: Markup.prose($0)), .init(html: "95 % interval")] },
            rows: rows.map { row in
                [.text(row.name)]
                    + row.intervals.enumerated().flatMap { number, interval -> [TableMarkup.Cell] in
                        let pointer = row.pointers[number]
                        return [
                            .figure(
                                Format.signedMilliseconds(interval?.value),
                                interval == nil ? nil : pointer.map { $0 + "/value" }
                            ),
                            IntervalMarkup.cell(interval, pointer),
                        ]
                    }
            }
        )
    }
}

/// Intervals in tables.
enum IntervalMarkup {
    /// Both ends, or the reason why there are none.
    static func html(_ interval: QuantileInterval?, _ pointer: String?, isSigned: Bool = true) -> String {
        guard let interval, let low = interval.low, let high = interval.high else {
            return Markup.escape(Cells.interval(interval))
        }
        func text(_ ns: Double) -> String { isSigned ? Format.signedMilliseconds(ns) : Format.milliseconds(ns) }
        return Markup.figure(text(low), pointer.map { $0 + "/low" }) + " to "
            + Markup.figure(text(high), pointer.map { $0 + "/high" })
    }

    static func cell(_ interval: QuantileInterval?, _ pointer: String?) -> TableMarkup.Cell {
        .init(html: html(interval, pointer))
    }
}
