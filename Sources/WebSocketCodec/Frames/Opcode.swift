/// Which end of the connection this is: it decides who masks (RFC 6455 section 5.1).
public enum Role: Sendable {
    /// Sends masked frames and takes unmasked ones.
    case client
    /// Sends unmasked frames and takes masked ones.
    case server
}

/// The frame types of RFC 6455 section 5.2.
public enum Opcode: UInt8, Sendable, CaseIterable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Whether frames of this type may come between the fragments of a message.
    public var isControl: Bool { rawValue & 0x8 != 0 }
}
