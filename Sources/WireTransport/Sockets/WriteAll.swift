import CSockets

/// Writes all of the octets to a descriptor that blocks, however many calls that takes.
///
/// - Returns: 0, or the errno of the call that wrote nothing more; some may have been written by then.
public func writeAll(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Int32 {
    let failure = bytes.withContiguousStorageIfAvailable { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    return failure ?? Array(bytes).withUnsafeBytes { writeAll($0, to: descriptor) }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
        let count = write(descriptor, base, rest.count)
        if count > 0 {
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        } else if count == 0 || errno != EINTR {
            return count == 0 ? EIO : errno
        }
    }
    return 0
}
