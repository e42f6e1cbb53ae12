/// Reads one JSON object key by key, and notes every problem instead of stopping at the first.
///
/// Only keys that are described can be asked for. `finish()` reports all others together with the nearest known one. A value of
/// the wrong kind is noted and read as absent.
struct ObjectReader {
    let path: String
    private let described: ExperimentObject
    private let values: [String: JSONValue]
    private let problems: ProblemList

    /// A reader of `value`; if that is no object, the problem is noted and every key is absent.
    init(_ value: JSONValue, _ described: ExperimentObject, path: String, problems: ProblemList) {
        self.path = path
        self.described = described
        self.problems = problems
        if case .object(let values) = value {
            self.values = values
        } else {
            self.values = [:]
            problems.note(path, "expected an object, found \(value.kindName)")
        }
    }

    /// The place of `key` in the file.
    func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The raw value of `key`, or nil when absent.
    func value(_ key: String) -> JSONValue? {
        assert(described.key(key) != nil, "ExperimentKeys does not have \(place(key))")
        return values[key]
    }

    func string(_ key: String) -> String? {
        read(key, "text") { if case .string(let text) = $0 { text } else { nil } }
    }

    func bool(_ key: String) -> Bool? {
        read(key, "true or false") { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    func number(_ key: String) -> Double? {
        read(key, "a number") { if case .number(let number) = $0 { number } else { nil } }
    }

    func integer(_ key: String) -> Int? {
        read(key, "a whole number") { if case .number(let number) = $0 { Int(exactly: number) } else { nil } }
    }

    func seed(_ key: String) -> UInt64? {
        read(key, "a whole number of 0 or more") {
            if case .number(let number) = $0 { UInt64(exactly: number) } else { nil }
        }
    }

    func timeSpan(_ key: String) -> TimeSpan? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value, let span = TimeSpan(text) else {
            var text = "expected a length of time such as \"300s\" or \"250ms\", found \(found(value))"
            if case .string(let given) = value, given.hasPrefix("-"), TimeSpan(String(given.dropFirst())) != nil {
                text = "must not be less than no time, and is \(given)"
            }
            problems.note(place(key), text)
            return nil
        }
        return span
    }

    func strings(_ key: String) -> [String]? {
        read(key, "a list of texts") { value in
            guard case .array(let items) = value else { return nil }
            let texts = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            return texts.count == items.count ? texts : nil
        }
    }

    func stringMap(_ key: String) -> [String: String]? {
        read(key, "an object of texts") { value in
            guard case .object(let items) = value else { return nil }
            let texts = items.compactMapValues { if case .string(let text) = $0 { text } else { nil } }
            return texts.count == items.count ? texts : nil
        }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let value = value(key) else { return nil }
        if case .string(let text) = value, let choice = Choice(rawValue: text) { return choice }
        let choices = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        problems.note(place(key), "expected one of \(choices), found \(found(value))")
        return nil
    }

    /// Reads the object at `key`, if there is one, and checks its keys.
    func object<Result>(_ key: String, _ body: (ObjectReader) -> Result) -> Result? {
        guard let value = value(key), let object = described.key(key)?.object else { return nil }
        let reader = ObjectReader(value, object, path: place(key), problems: problems)
        defer { reader.finish() }
        return body(reader)
    }

    /// Notes that a key is missing that has no default.
    func missing(_ key: String, _ what: String) {
        if values[key] == nil { problems.note(place(key), "is missing: \(what)") }
    }

    /// Notes every key that is not described.
    func finish() {
        let knownKeys = described.keys.map(\.name)
        for key in values.keys.sorted() where !knownKeys.contains(key) {
            let nearest = NearestName.to(key, among: knownKeys).map { "; did you mean '\($0)'?" } ?? ""
            let known = nearest.isEmpty ? "; known here: \(knownKeys.sorted().joined(separator: ", "))" : ""
            problems.note(place(key), "is not a key of this object\(nearest)\(known)")
        }
    }

    private func read<Result>(_ key: String, _ wanted: String, _ body: (JSONValue) -> Result?) -> Result? {
        guard let value = value(key) else { return nil }
        if let result = body(value) { return result }
        problems.note(place(key), "expected \(wanted), found \(found(value))")
        return nil
    }

    private func found(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): "\"\(text.prefix(60))\""
        case .number(let number): Int64(exactly: number).map(String.init) ?? "\(number)"
        case .bool(let flag): "\(flag)"
        default: value.kindName
        }
    }
}

/// The problems found so far, shared by the readers of one file.
final class ProblemList {
    private(set) var problems: [ExperimentProblem] = []

    func note(_ path: String, _ message: String) {
        problems.append(ExperimentProblem(path, message))
    }
}
