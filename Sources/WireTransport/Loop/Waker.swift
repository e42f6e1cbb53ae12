import CSockets

/// Wakes an event loop from another thread.
///
/// `wake()` may be called from any thread and from a signal handler; `action` runs on the loop's thread.
public final class Waker: LoopMember {
    /// The writing end, for other threads; write one octet.
    public let signalDescriptor: Int32
    /// The descriptor that the loop watches.
    public let descriptor: Int32
    private let action: () -> Void

    /// Opens a pipe.
    ///
    /// - Throws: `TransportError` `system` when there are no descriptors left.
    public init(_ action: @escaping () -> Void) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw TransportError(.system, "cannot open a pipe: \(systemMessage(errno))")
        }
        for end in ends { _ = latexp_prepare_descriptor(end) }
        self.descriptor = ends[0]
        self.signalDescriptor = ends[1]
        self.action = action
    }

    deinit {
        close(descriptor)
        close(signalDescriptor)
    }

    /// Whether it waits to read.
    public var wantsToRead: Bool { true }
    /// Whether it waits to write.
    public var wantsToWrite: Bool { false }

    /// Does what the loop says is possible now.
    public func ready(toRead: Bool, toWrite: Bool) {
        var octets = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &octets, octets.count) == octets.count {}
        action()
    }

    /// Writes one octet to a waker's `signalDescriptor`; a full pipe wakes just as well.
    public static func wake(_ signalDescriptor: Int32) {
        var octet: UInt8 = 1
        _ = write(signalDescriptor, &octet, 1)
    }
}
