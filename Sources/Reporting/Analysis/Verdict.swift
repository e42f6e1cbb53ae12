/// Which path brings the feed sooner, in values and in words.
public struct Verdict: Codable, Hashable, Sendable {
    /// The possible answers.
    public enum Kind: String, Codable, Sendable {
        /// One side is sooner.
        case sooner
        /// A difference is not shown, which is not to say that there is none.
        case noDifferenceShown
        /// The question cannot be answered from these data.
        case cannotSay
        /// Of several pairs of paths, each with its own answer, not all have the same.
        case pathsDiffer
        /// There is nothing to compare with.
        case onePath
    }

    /// The answer.
    public var kind: Kind
    /// The sooner side; nil unless there is one.
    public var winner: String?
    /// The later side; nil unless there is one.
    public var loser: String?
    /// The median difference behind the answer, nanoseconds: second side - first side; nil without one.
    public var medianNs: Double?
    /// The lower end of its 95 % interval.
    public var lowNs: Double?
    /// The upper end of its 95 % interval.
    public var highNs: Double?
    /// The answer in one sentence.
    public var headline: String
    /// What supports or limits it, a sentence each.
    public var details: [String]

    /// A verdict.
    public init(_ kind: Kind, headline: String, details: [String] = []) {
        self.kind = kind
        self.headline = headline
        self.details = details
    }
}
