import Foundation

/// Reports without what nobody reads in a golden file: drawings' coordinates, style, script, long rows of numbers.
enum Outline {
    /// A page's elements and text; of drawings only their titles and words, of tables behind "Values" only their size.
    static func html(_ page: String) -> String {
        var text = page
        text = replacing(text, from: "<style>", to: "</style>") { _ in "(style)" }
        text = replacing(text, from: "<script", to: "</script>") { _ in "" }
        text = replacing(text, from: "<details>", to: "</details>") { part in
            "(closed: \(part.components(separatedBy: "</summary>")[0].components(separatedBy: "<summary>").last ?? "")"
                + " with \(part.components(separatedBy: "<tr>").count - 1) rows)"
        }
        return replacing(text, from: "<svg class=\"", to: "</svg>") { part in
            let name = part.components(separatedBy: "\"")[1]
            let words = part.components(separatedBy: "<text ").dropFirst().compactMap {
                $0.components(separatedBy: "</text>")[0].components(separatedBy: ">").last
            }
            return name == "key" ? "" : "(drawing \(name): \(words.joined(separator: " | ")))"
        }
    }

    private static func replacing(
        _ text: String,
        from start: String,
        to end: String,
        _ other: (String) -> String
    ) -> String {
        let parts = text.components(separatedBy: start)
        return parts[0]
            + parts.dropFirst().map { part in
                let pieces = part.components(separatedBy: end)
                return other(start + pieces[0] + end) + pieces.dropFirst().joined(separator: end)
            }
            .joined()
    }

    /// JSON with only the first two elements of longer arrays of plots, which are many and all alike.
    static func json(_ text: String) throws -> String {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let cut = shorten(value, isPlot: false)
        let data = try JSONSerialization.data(
            withJSONObject: cut,
            options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        )
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private static func shorten(_ value: Any, isPlot: Bool) -> Any {
        if let object = value as? [String: Any] {
            return object.reduce(into: [String: Any]()) { cut, entry in
                let names = ["plots", "counts", "phases", "rateDeciles", "lanePairs", "differencesNs"]
                cut[entry.key] = shorten(entry.value, isPlot: isPlot || names.contains(entry.key))
            }
        }
        guard let array = value as? [Any] else { return value }
        guard isPlot, array.count > 4 else { return array.map { shorten($0, isPlot: isPlot) } }
        return array.prefix(2).map { shorten($0, isPlot: isPlot) } + ["and \(array.count - 2) more"]
    }
}
