#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Says in words what is wrong with a JSON or JSON5 text that could not be read, instead of a parser's own error.
public enum JSONFaultText {
    /// What a failed reading of `data` comes from: line and column where its structure is broken, else the key.
    public static func text(of error: any Error, in data: Data) -> String {
        let source = String(decoding: data, as: UTF8.self)
        if let fault = JSON5Fault.find(in: source) { return "\(fault)" }
        // Allowed in JSON, and refused by the parser, which then takes the text for something else.
        if let range = source.firstRange(of: "\\u0000") {
            let before = source[..<range.lowerBound]
            let line = before.count { $0.isNewline } + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return "line \(line), column \(column): a text must not hold \\u0000"
        }
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context.codingPath + [key])) is missing"
        case .valueNotFound(let type, let context):
            return "\(place(context.codingPath)) is empty, and should be \(kind(type))"
        case .typeMismatch(let type, let context):
            return "\(place(context.codingPath)) should be \(kind(type))"
        case .dataCorrupted(let context):
            let why = context.underlyingError.map { "\($0)" } ?? context.debugDescription
            return context.codingPath.isEmpty ? why : "\(place(context.codingPath)): \(why)"
        @unknown default: return "\(error)"
        }
    }

    /// A place as people write it: `lanes[2].counts`.
    private static func place(_ path: [any CodingKey]) -> String {
        let text = path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text.isEmpty ? "the whole of it" : String(text.prefix(200))
    }

    private static func kind(_ type: any Any.Type) -> String {
        switch "\(type)" {
        case "String": "text"
        case "Bool": "true or false"
        case "Double", "Float": "a number"
        case let name where name.contains("Int"): "a whole number"
        case let name where name.hasPrefix("Array"): "a list"
        default: "an object"
        }
    }
}
