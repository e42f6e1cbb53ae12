/// One key of the experiment file: what it takes, within which limits, what is taken without it, and what it means.
public struct ExperimentKey: Sendable {
    /// What a key takes.
    public enum Kind: Sendable {
        /// Text; the pattern is a regular expression of JSON Schema's.
        case text(pattern: String? = nil)
        /// `true` or `false`.
        case flag
        /// Any number within limits.
        case number(ClosedRange<Double>)
        /// A whole number within limits.
        case wholeNumber(ClosedRange<Int>)
        /// A whole number of 0 or more, up to 64 bits.
        case seed
        /// A length of time with its unit, within limits; without a longest one it is `TimeSpan`'s.
        case timeSpan(least: TimeSpan, most: TimeSpan? = nil)
        /// A list of texts.
        case texts(count: ClosedRange<Int>? = nil, pattern: String? = nil)
        /// An object whose values are texts.
        case textMap
        /// One of some words.
        case choice([String])
        /// An object of its own.
        case object(ExperimentObject)
        /// A list of objects.
        case list(ExperimentObject)
        /// Objects by name, or an object that names the file which has them.
        case inventory(ExperimentObject)
    }

    /// The key.
    public let name: String
    /// What it takes.
    public let kind: Kind
    /// Whether the file must have it, whatever else is in it.
    public let isRequired: Bool
    /// The value that is taken without it; nil when that is no value of this kind.
    public let standard: JSONValue?
    /// A value that works.
    public let example: JSONValue?
    /// The unit of a number.
    public let unit: String?
    /// What it means, in a sentence or two, and what happens without it where `standard` does not say so.
    public let meaning: String

    init(
        _ name: String,
        _ kind: Kind,
        isRequired: Bool = false,
        standard: JSONValue? = nil,
        example: JSONValue? = nil,
        unit: String? = nil,
        _ meaning: String
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.standard = standard
        self.example = example
        self.unit = unit
        self.meaning = meaning
    }

    /// The object that the key holds, or holds many of.
    public var object: ExperimentObject? {
        switch kind {
        case .object(let object), .list(let object), .inventory(let object): object
        default: nil
        }
    }
}

/// One kind of object in the experiment file.
public struct ExperimentObject: Sendable {
    /// Where it is in the file, as the reference calls it: `schedule`, `paths[]`, `hosts.NAME`; empty for the file itself.
    public let place: String
    /// What it is.
    public let meaning: String
    /// Its keys, in the order of the reference.
    public let keys: [ExperimentKey]
    /// What must be true of several keys together, in words.
    public let rules: [String]
    /// The same for a machine, as far as JSON Schema can say it: further members of the object's schema.
    public let schema: [String: JSONValue]

    init(
        _ place: String,
        _ meaning: String,
        _ keys: [ExperimentKey],
        rules: [String] = [],
        schema: [String: JSONValue] = [:]
    ) {
        self.place = place
        self.meaning = meaning
        self.keys = keys
        self.rules = rules
        self.schema = schema
    }

    /// The key of this name.
    public func key(_ name: String) -> ExperimentKey? { keys.first { $0.name == name } }
}
