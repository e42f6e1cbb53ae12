#if canImport(Glibc)
    @_exported import Glibc
#elseif canImport(Musl)
    @_exported import Musl
#else
    @_exported import Darwin
#endif

/// The system's words for an error number.
public func systemMessage(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 200)
    _ = strerror_r(number, &buffer, buffer.count)
    return buffer.withUnsafeBufferPointer { pointer in
        pointer.baseAddress.map { String(cString: $0) } ?? "error \(number)"
    }
}
