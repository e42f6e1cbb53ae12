/// Why a run, or a command about a run, could not go on: branch on `code`, show `message`.
public struct OrchestrationError: Error, CustomStringConvertible {
    /// The kinds of failure; each belongs to one exit status.
    public enum Code: String, Sendable, CaseIterable {
        /// An argument, a file or a run that was named cannot be used.
        case invalidInput
        /// The run directory cannot be read or written.
        case storage
        /// The simulated world did not come up.
        case labUnavailable
        /// There is no agent for a host's architecture.
        case agentUnavailable
        /// A host could not be reached or used.
        case hostUnusable
        /// A clock is not good enough.
        case clockUnusable
        /// An agent failed, or what it left is not complete.
        case measurementFailed
        /// The user stopped it.
        case interrupted

        /// The exit status of a command that ends with this failure.
        public var exitStatus: CommandStatus {
            switch self {
            case .invalidInput, .storage: .badInput
            case .labUnavailable, .agentUnavailable, .hostUnusable: .hostUnusable
            case .clockUnusable: .clockUnusable
            case .measurementFailed: .measurementFailed
            case .interrupted: .interrupted
            }
        }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, to what, and what to do next; lines are separated by line feeds.
    public let message: String
    /// What caused it, when that was an error of its own.
    public let cause: (any Error)?

    /// An error with its message.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}

/// What a command of latexp tells its caller when it ends.
public enum CommandStatus: Int32, Sendable, CaseIterable {
    /// Everything was done.
    case done = 0
    /// It was measured, but a warning makes the verdict unusable.
    case verdictUnusable = 1
    /// The arguments or the experiment file are wrong.
    case badInput = 2
    /// A host could not be reached or used.
    case hostUnusable = 3
    /// A clock is not good enough.
    case clockUnusable = 4
    /// The measurement failed.
    case measurementFailed = 5
    /// The user stopped it.
    case interrupted = 130
}
