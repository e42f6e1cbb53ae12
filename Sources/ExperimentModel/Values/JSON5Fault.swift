/// Where a text stops being JSON5, or an object has a name twice, which Foundation's parser does not tell on Linux.
public struct JSON5Fault: Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public var line: Int
    /// The column in characters, from 1.
    public var column: Int
    /// What is wrong there.
    public var problem: String

    /// The place and what is wrong with it.
    public var description: String { "line \(line), column \(column): \(problem)" }

    /// The first fault of `text`; nil where none is found.
    ///
    /// Only the structure is looked at, not whether a word is a number or a name that JSON5 knows.
    public static func find(in text: String) -> JSON5Fault? {
        var scanner = JSON5Scanner(text)
        do throws(JSON5Scanner.Fault) {
            try scanner.scan()
            return nil
        } catch {
            // "\r\n" is one character.
            let before = scanner.characters[..<error.index]
            let lineStart = before.lastIndex { $0.isNewline }.map { $0 + 1 } ?? 0
            return JSON5Fault(
                line: before.count { $0.isNewline } + 1,
                column: error.index - lineStart + 1,
                problem: error.problem
            )
        }
    }
}

/// Goes through the structure of a JSON5 text.
private struct JSON5Scanner {
    /// What is wrong, and at which character.
    struct Fault: Error {
        var index: Int
        var problem: String
    }

    /// Deeper than any experiment; beyond, a text is refused so that the stack holds.
    private static let depthLimit = 200

    let characters: [Character]
    private var index = 0
    private var depth = 0

    init(_ text: String) {
        characters = Array(text)
    }

    private var current: Character? { index < characters.count ? characters[index] : nil }

    mutating func scan() throws(Fault) {
        try skipSpace()
        try value("a value")
        try skipSpace()
        if current != nil { throw unexpected("the end of the file") }
    }

    private func unexpected(_ expected: String) -> Fault {
        let found = current.map { "'\($0.isNewline ? "end of line" : String($0))'" } ?? "the end of the file"
        return Fault(index: index, problem: "expected \(expected), found \(found)")
    }

    /// Spaces and both kinds of comments.
    private mutating func skipSpace() throws(Fault) {
        while let character = current {
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            if character.isWhitespace || character == "\u{FEFF}" {
                index += 1
            } else if character == "/", next == "/" {
                while let comment = current, !comment.isNewline { index += 1 }
            } else if character == "/", next == "*" {
                try skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(Fault) {
        let start = index
        index += 2
        while index + 1 < characters.count {
            if characters[index] == "*", characters[index + 1] == "/" {
                index += 2
                return
            }
            index += 1
        }
        throw Fault(index: start, problem: "this comment has no end")
    }

    private mutating func value(_ expected: String) throws(Fault) {
        switch current {
        case "{":
            var names: Set<String> = []
            try members(until: "}", of: "object") { (scanner: inout JSON5Scanner) throws(Fault) in
                try scanner.member(&names)
            }
        case "[":
            try members(until: "]", of: "array") { (scanner: inout JSON5Scanner) throws(Fault) in
                try scanner.value("a value or ']'")
            }
        case "\"", "'": try string()
        default: try word(expected)
        }
    }

    /// A list in brackets, its parts separated by commas; one more may stand at the end.
    private mutating func members(
        until end: Character,
        of kind: String,
        _ part: (inout JSON5Scanner) throws(Fault) -> Void
    ) throws(Fault) {
        let start = index
        depth += 1
        guard depth <= Self.depthLimit else { throw Fault(index: index, problem: "too many levels") }
        index += 1
        try skipSpace()
        while current != end {
            guard current != nil else { throw Fault(index: start, problem: "this \(kind) has no end") }
            try part(&self)
            try skipSpace()
            if current == "," {
                index += 1
                try skipSpace()
            } else if current != end {
                guard current != nil else { throw Fault(index: start, problem: "this \(kind) has no end") }
                throw unexpected("',' or '\(end)'")
            }
        }
        index += 1
        depth -= 1
    }

    /// A name, which the object must not have yet, and its value.
    private mutating func member(_ known: inout Set<String>) throws(Fault) {
        let start = index
        let isQuoted = current == "\"" || current == "'"
        if isQuoted { try string() } else { try word("a name or '}'") }
        let name = String(isQuoted ? characters[(start + 1)..<(index - 1)] : characters[start..<index])
        guard known.insert(name).inserted else {
            throw Fault(index: start, problem: "'\(name.prefix(100))' stands here a second time")
        }
        try skipSpace()
        guard current == ":" else { throw unexpected("':' after the name") }
        index += 1
        try skipSpace()
        try value("a value")
    }

    private mutating func string() throws(Fault) {
        let (start, quote) = (index, current)
        index += 1
        while let character = current, character != quote {
            guard !character.isNewline else { break }
            index += character == "\\" ? 2 : 1
        }
        guard current == quote else { throw Fault(index: start, problem: "this text has no closing quote") }
        index += 1
    }

    /// A number, `true`, `null`, or a name without quotes.
    private mutating func word(_ expected: String) throws(Fault) {
        let start = index
        while let character = current, character.isLetter || character.isNumber || "+-._$".contains(character) {
            index += 1
        }
        guard index > start else { throw unexpected(expected) }
    }
}
