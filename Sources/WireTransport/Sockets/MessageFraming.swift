/// How a channel tells where a message of its owner's protocol ends, from the message's first octets.
public struct MessageFraming: Sendable {
    /// The octets of the message that begins a buffer, header included; of its header alone as long as that is not
    /// whole.
    let extent: @Sendable (UnsafeMutableRawBufferPointer) -> Int

    /// A framing.
    ///
    /// - Parameter extent: given what has come from a message's first octet on, possibly nothing: how many octets the
    ///   message has, or its header if that is not whole. For what cannot be a message, the octets that are there.
    public init(extent: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Int) {
        self.extent = extent
    }

    /// The octets to read to get to the end of the message, or of its header; 0 when the message is whole.
    func missing(_ buffer: UnsafeMutableRawBufferPointer) -> Int { max(0, extent(buffer) - buffer.count) }
}
