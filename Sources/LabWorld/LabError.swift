/// Why the simulated world could not be brought up, or a part of it failed.
public struct LabError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is; branch on this.
    public enum Code: String, Sendable {
        /// The specification cannot be read or contradicts itself.
        case specification
        /// The directory cannot be used.
        case directory
        /// A program that the world is made of is not installed.
        case missingTool
        /// A program ended with an error.
        case toolFailed
        /// A server did not become ready in time.
        case notReady
        /// The system refused something else.
        case system
    }

    /// What kind of failure it is.
    public var code: Code
    /// What happened, to what, and what to do next.
    public var message: String
    /// The underlying error, if any.
    public var cause: (any Error)?

    /// An error with its message.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
