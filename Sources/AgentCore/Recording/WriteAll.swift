import CSockets
import WireTransport

/// Writes all of `bytes` to a descriptor that blocks, however many calls it takes.
///
/// - Returns: false when the system takes no more; `errno` says why, and a part may be written.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while rest.count > 0 {
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count > 0 {
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        } else if count == 0 || errno != EINTR {
            return false
        }
    }
    return true
}
