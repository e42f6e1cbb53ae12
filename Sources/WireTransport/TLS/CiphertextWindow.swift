import COpenSSL

/// Ciphertext that OpenSSL reads where the socket's read has put it: a source BIO without a copy of its own.
///
/// A read gives one record at most. OpenSSL asks for as much as its buffer takes, and moves all that it got beyond a
/// record to the front of that buffer with each record it is done with: short records would cost as much as long ones.
final class CiphertextWindow {
    /// What OpenSSL has not taken yet.
    var unread = UnsafeRawBufferPointer(start: nil, count: 0)
    private var records = TLSRecordPosition()

    /// How OpenSSL reads from a window; made once, kept for ever.
    ///
    /// `nonisolated(unsafe)` since the pointer is never changed after it is made, and OpenSSL only reads what it points
    /// to.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        let method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "latexp ciphertext")
        BIO_meth_set_read(method) { bio, buffer, size in
            guard let bio, let buffer, let data = BIO_get_data(bio) else { return -1 }
            return Unmanaged<CiphertextWindow>.fromOpaque(data).takeUnretainedValue().take(size, into: buffer, bio)
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // Nothing is ever held back: a flush has worked.
            command == Int32(BIO_CTRL_FLUSH) ? 1 : 0
        }
        return method
    }()

    /// A BIO that reads from this window, which must outlive it; nil when there is no memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = Self.method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    @inline(__always)
    private func take(_ size: Int32, into buffer: UnsafeMutablePointer<CChar>, _ bio: OpaquePointer) -> Int32 {
        BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        let count = min(Int(size), unread.count, records.octetsToEnd(in: unread))
        guard count > 0, let source = unread.baseAddress else {
            // More may come: not an end.
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        UnsafeMutableRawPointer(buffer).copyMemory(from: source, byteCount: count)
        records.advance(over: UnsafeRawBufferPointer(start: source, count: count))
        unread = UnsafeRawBufferPointer(rebasing: unread[count...])
        return Int32(count)
    }
}
