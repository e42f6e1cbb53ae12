import COpenSSL

/// The memory that OpenSSL works with.
public enum TLSMemory {
    /// Lets each thread use the small block again that OpenSSL gave back last, so that a record costs no allocation.
    ///
    /// For the start of a program: once OpenSSL has taken memory it keeps its ways.
    ///
    /// - Returns: whether it is so now.
    @discardableResult
    public static func keepSpareBlock() -> Bool { latexp_keep_spare_block() == 1 }
}
