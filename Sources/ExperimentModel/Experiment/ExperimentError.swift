/// Why an experiment or a file of a run could not be read.
public struct ExperimentError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is; branch on this.
    public enum Code: String, Sendable {
        /// The file is not there or cannot be read.
        case unreadable
        /// The text is not JSON5, or not the expected format.
        case malformed
        /// The experiment contradicts itself or names unknown things; `problems` has them all.
        case invalid
        /// A file of a run was written by another, incompatible version.
        case incompatible
    }

    /// What kind of failure it is.
    public var code: Code
    /// What happened, to which file, and what to do next.
    public var message: String
    /// Every problem found, for `invalid`.
    public var problems: [ExperimentProblem]
    /// The underlying error, if any.
    public var cause: (any Error)?

    /// An error with its message.
    public init(_ code: Code, _ message: String, problems: [ExperimentProblem] = [], cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.problems = problems
        self.cause = cause
    }

    /// The message, and each problem on a line of its own.
    public var description: String {
        ([message] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
}

/// One thing that is wrong with an experiment, and where.
public struct ExperimentProblem: Hashable, Sendable, CustomStringConvertible {
    /// Where in the file: `paths[1].via`.
    public var path: String
    /// What is wrong and what would be right.
    public var message: String

    /// A problem at a place.
    public init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    /// The place and the message, as in `paths[1].via: no host is called 'tokio'`.
    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
