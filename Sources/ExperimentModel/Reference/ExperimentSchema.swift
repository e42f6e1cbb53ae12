#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The JSON Schema of the experiment file (draft 2020-12), made from `ExperimentKeys`.
///
/// It says what can be said of one value or one object. Limits of lengths of time, and whether names fit each other, only
/// `Experiment.problems()` knows.
public enum ExperimentSchema {
    /// The schema's text, as it lies beside the shipped experiments.
    public static var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Names, numbers and texts of our own can always be written.
        return ((try? encoder.encode(tree)).map { String(decoding: $0, as: UTF8.self) } ?? "") + "\n"
    }

    /// The schema.
    static var tree: JSONValue {
        var members = schema(ExperimentKeys.root)
        members["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        members["title"] = "An experiment of latexp"
        members["$defs"] = [
            "timeSpan": [
                "type": "string", "pattern": "^([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|ms|s|m|h|d)$",
                "description": "A length of time with its unit: 250ms, 300s, 1.5m, 2h.",
            ],
            "host": .object(schema(ExperimentKeys.host)),
        ]
        return .object(members)
    }

    private static func schema(_ object: ExperimentObject) -> [String: JSONValue] {
        let properties = object.keys.map { ($0.name, JSONValue.object(schema($0))) }
        let required = object.keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        var members = object.schema
        members["type"] = "object"
        members["description"] = .string(object.meaning)
        members["additionalProperties"] = false
        members["properties"] = .object(Dictionary(uniqueKeysWithValues: properties))
        if !required.isEmpty { members["required"] = .array(required) }
        return members
    }

    private static func schema(_ key: ExperimentKey) -> [String: JSONValue] {
        var members = kind(key.kind)
        members["description"] = .string(key.meaning + (key.unit.map { " Unit: \($0)." } ?? ""))
        members["default"] = key.standard
        if let example = key.example { members["examples"] = [example] }
        return members
    }

    private static func kind(_ kind: ExperimentKey.Kind) -> [String: JSONValue] {
        switch kind {
        case .text(let pattern):
            return text(pattern)
        case .flag:
            return ["type": "boolean"]
        case .number(let limits):
            return ["type": "number", "minimum": .number(limits.lowerBound), "maximum": .number(limits.upperBound)]
        case .wholeNumber(let limits):
            return [
                "type": "integer", "minimum": .number(Double(limits.lowerBound)),
                "maximum": .number(Double(limits.upperBound)),
            ]
        case .seed:
            return ["type": "integer", "minimum": 0]
        case .timeSpan:
            return ["$ref": "#/$defs/timeSpan"]
        case .texts(let count, let pattern):
            var members: [String: JSONValue] = ["type": "array", "items": .object(text(pattern))]
            if let count {
                members["minItems"] = .number(Double(count.lowerBound))
                members["maxItems"] = .number(Double(count.upperBound))
                members["uniqueItems"] = true
            }
            return members
        case .textMap:
            return ["type": "object", "additionalProperties": ["type": "string"]]
        case .choice(let words):
            return ["enum": .array(words.map { .string($0) })]
        case .object(let object):
            return schema(object)
        case .list(let object):
            return ["type": "array", "minItems": 1, "items": .object(schema(object))]
        case .inventory:
            return inventory
        }
    }

    private static func text(_ pattern: String?) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["type": "string"]
        members["pattern"] = pattern.map { .string($0) }
        return members
    }

    private static var inventory: [String: JSONValue] {
        [
            "type": "object",
            "anyOf": [
                [
                    "required": ["inventory"], "additionalProperties": false,
                    "properties": [
                        "inventory": [
                            "type": "string",
                            "description": "The file with the machines, relative to the experiment file.",
                        ]
                    ],
                ],
                [
                    "properties": ["$schema": ["type": "string"]], "propertyNames": ["pattern": "^[^./][^/]*$"],
                    "additionalProperties": ["$ref": "#/$defs/host"],
                ],
            ],
        ]
    }
}
