/// The close codes of RFC 6455 section 7.4 that this project sends or looks for.
public enum CloseCode {
    /// The purpose of the connection is fulfilled.
    public static let normal: UInt16 = 1000
    /// The endpoint goes away, as a server that shuts down.
    public static let goingAway: UInt16 = 1001
    /// A protocol error.
    public static let protocolError: UInt16 = 1002
    /// Never on the wire: stands for a close frame without a code.
    public static let noStatus: UInt16 = 1005
    /// Payload that does not fit its type, such as text that is not UTF-8.
    public static let invalidPayload: UInt16 = 1007
    /// A message against the endpoint's policy; Binance closes with it when pongs are missing.
    public static let policyViolation: UInt16 = 1008
    /// A message that is too big.
    public static let messageTooBig: UInt16 = 1009

    /// Whether a peer may put this code into a close frame.
    ///
    /// 1000-1003 and 1007-1014 are registered with IANA as codes for the wire; 3000-4999 belong to libraries and
    /// applications.
    public static func isValidOnWire(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
