import ExperimentModel
import Foundation

/// As much of JSON Schema (draft 2020-12) as the schemas of latexp use; what it does not know it complains of.
public struct SchemaChecker {
    private let root: JSONValue

    /// A checker for the schema in `data`.
    public init(_ data: Data) throws {
        root = try JSONDecoder().decode(JSONValue.self, from: data)
    }

    /// What is wrong with a value, each with its place; empty when nothing is.
    public func problems(_ value: JSONValue) -> [String] { problems(value, root, "").sorted() }

    private func problems(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        if schema == true { return [] }
        guard case .object(let keywords) = schema else { return ["\(path): must not be there"] }
        return keywords.flatMap { problems(value, keyword: $0.key, $0.value, keywords, path) }
    }

    private func problems(
        _ value: JSONValue,
        keyword: String,
        _ wanted: JSONValue,
        _ schema: [String: JSONValue],
        _ path: String
    ) -> [String] {
        switch keyword {
        case "$schema", "$defs", "title", "description", "default", "examples": []
        case "then", "else": []
        case "$ref": problems(value, referenced(wanted), path)
        case "type": isOf(wanted, value) ? [] : ["\(path): not of the type \(wanted)"]
        case "enum": wanted.items.contains(value) ? [] : ["\(path): not one of the choices"]
        case "const": wanted == value ? [] : ["\(path): not \(wanted)"]
        case "anyOf": anyOf(value, wanted.items, path)
        case "oneOf":
            wanted.items.filter { problems(value, $0, path).isEmpty }.count == 1
                ? [] : ["\(path): not exactly one of its forms"]
        case "if":
            problems(value, (problems(value, wanted, path).isEmpty ? schema["then"] : schema["else"]) ?? true, path)
        case "minimum", "maximum", "pattern": scalarProblems(value, keyword, wanted, path)
        case "items", "minItems", "maxItems", "uniqueItems": listProblems(value, keyword, wanted, path)
        default: objectProblems(value, keyword, wanted, schema, path)
        }
    }

    private func anyOf(_ value: JSONValue, _ choices: [JSONValue], _ path: String) -> [String] {
        let results = choices.map { problems(value, $0, path) }
        return results.contains([]) ? [] : results.min { $0.count < $1.count } ?? ["\(path): of no form"]
    }

    private func scalarProblems(_ value: JSONValue, _ keyword: String, _ wanted: JSONValue, _ path: String) -> [String]
    {
        switch (value, wanted) {
        case (.number(let number), .number(let limit)):
            let isWithin = keyword == "minimum" ? number >= limit : number <= limit
            return isWithin ? [] : ["\(path): beyond the limit \(limit)"]
        case (.string(let text), .string(let pattern)):
            guard let expression = try? Regex(pattern).matchingSemantics(.unicodeScalar) else {
                return ["\(path): the schema's pattern \(pattern) is none"]
            }
            return text.contains(expression) ? [] : ["\(path): does not match \(pattern)"]
        default: return []
        }
    }

    private func listProblems(_ value: JSONValue, _ keyword: String, _ wanted: JSONValue, _ path: String) -> [String] {
        guard case .array(let items) = value else { return [] }
        switch (keyword, wanted) {
        case ("items", _): return items.enumerated().flatMap { problems($0.element, wanted, "\(path)[\($0.offset)]") }
        case ("minItems", .number(let least)): return items.count >= Int(least) ? [] : ["\(path): too few"]
        case ("maxItems", .number(let most)): return items.count <= Int(most) ? [] : ["\(path): too many"]
        case ("uniqueItems", true): return Set(items).count == items.count ? [] : ["\(path): the same twice"]
        default: return ["\(path): what is \(keyword) \(wanted)?"]
        }
    }

    private func objectProblems(
        _ value: JSONValue,
        _ keyword: String,
        _ wanted: JSONValue,
        _ schema: [String: JSONValue],
        _ path: String
    ) -> [String] {
        guard case .object(let members) = value else { return [] }
        func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        switch keyword {
        case "properties":
            return members.flatMap { key, member in wanted[key].map { problems(member, $0, place(key)) } ?? [] }
        case "additionalProperties":
            let others = members.filter { schema["properties"]?[$0.key] == nil }
            if wanted == false { return others.map { "\(path): unknown key \($0.key)" } }
            return others.flatMap { problems($0.value, wanted, place($0.key)) }
        case "required":
            return wanted.texts.filter { members[$0] == nil }.map { "\(path): misses \($0)" }
        case "propertyNames":
            return members.keys.flatMap { problems(.string($0), wanted, place($0)) }
        case "dependentRequired":
            return members.keys.flatMap { key in
                (wanted[key]?.texts ?? []).filter { members[$0] == nil }.map { "\(path): misses \($0)" }
            }
        default: return ["\(path): what is \(keyword)?"]
        }
    }

    private func referenced(_ reference: JSONValue) -> JSONValue {
        guard case .string(let text) = reference, text.hasPrefix("#/") else { return .null }
        return text.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null }
    }

    private func isOf(_ type: JSONValue, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("string", .string), ("boolean", .bool), ("array", .array), ("object", .object), ("number", .number): true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}

extension JSONValue {
    /// The member of an object.
    fileprivate subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    fileprivate var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

    fileprivate var texts: [String] { items.compactMap { if case .string(let text) = $0 { text } else { nil } } }
}
