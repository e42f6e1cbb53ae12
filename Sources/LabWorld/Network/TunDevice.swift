import CSockets
import Foundation
import WireTransport

/// One end of a packet link: a TUN device in a namespace, with its address and its peer's.
final class TunDevice: LoopMember {
    /// Packets taken at once before others get their turn.
    private static let burst = 64
    private static let largestPacket = 65_536

    let descriptor: Int32
    /// Called with each packet that the host sends into the link.
    var onPacket: ((UnsafeRawBufferPointer) -> Void)?
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: largestPacket, alignment: 16)

    /// Opens a device in the namespace that the calling thread is in.
    ///
    /// - Throws: `LabError` `system`.
    init(name: String) throws {
        descriptor = latexp_open_tun(name)
        guard descriptor >= 0 else {
            throw LabError(
                .system,
                "cannot open the TUN device \(name): \(String(cString: strerror(-descriptor))); is this root, "
                    + "and is there /dev/net/tun?"
            )
        }
    }

    deinit {
        close(descriptor)
        scratch.deallocate()
    }

    var wantsToRead: Bool { true }
    var wantsToWrite: Bool { false }

    func ready(toRead: Bool, toWrite: Bool) {
        for _ in 0..<Self.burst {
            let count = read(descriptor, scratch.baseAddress, scratch.count)
            guard count > 0 else { return }
            onPacket?(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
    }
}
