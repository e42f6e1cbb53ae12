/// One of the few large figures under a verdict.
struct Tile {
    var name: String
    /// The figure, as HTML.
    var value: String
    /// What belongs to it, as HTML.
    var detail: String

    /// Tiles in a row; nothing without any.
    static func html(_ tiles: [Tile]) -> String {
        guard !tiles.isEmpty else { return "" }
        let parts = tiles.map {
            "<div><dt>\(Markup.prose($0.name))</dt><dd>\($0.value)<small>\($0.detail)</small></dd></div>"
        }
        return "<dl class=\"tiles\">\(parts.joined(separator: "\n"))</dl>"
    }
}
