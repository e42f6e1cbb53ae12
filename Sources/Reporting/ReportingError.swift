/// What can go wrong when a run is analysed or two are compared.
public struct ReportingError: Error, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// A file of the run is missing or not readable.
        case unreadable
        /// A file is there, but is not what it should be.
        case malformed
        /// The runs differ in something that makes a comparison mean nothing.
        case notComparable
        /// A report could not be written.
        case unwritable
    }

    /// The kind of failure.
    public var code: Code
    /// What happened, to what, and what to do next.
    public var message: String
    /// The error that led to it.
    public var cause: (any Error)?

    /// An error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
