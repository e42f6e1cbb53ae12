/// Breaks text at spaces, for terminals.
public enum TextWrap {
    /// The lines of a text, as wide as they may be; a word that is wider has a line of its own.
    ///
    /// - Parameters:
    ///   - text: several spaces in it count as one.
    ///   - width: the columns of a line.
    ///   - first: what the first line begins with; later ones begin with as many spaces.
    public static func lines(_ text: String, width: Int, first: String = "") -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: first.count)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}
