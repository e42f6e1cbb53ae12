/// Why a feed cannot be addressed or asked for as it was written.
public struct MarketFeedError: Error, CustomStringConvertible, Equatable {
    /// The kinds of failure; branch on these, never on the text.
    public enum Code: String, Sendable, CaseIterable {
        case urlTooLong, urlSyntax, unsupportedScheme, missingHost, invalidHost, invalidPort
        case credentialsInURL, fragmentInURL
        case noStreams, tooManyStreams, invalidStreamName, duplicateStream
        case timeUnitNotSupported, requestTooLarge
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong, with what, and what to write instead.
    public let message: String

    /// Describes one failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
