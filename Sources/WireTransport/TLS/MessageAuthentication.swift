import COpenSSL

/// HMAC-SHA-256 and random octets, for the relay's proof of the run's secret.
public enum MessageAuthentication {
    /// The octets of a code.
    public static let codeSize = 32

    /// The HMAC-SHA-256 (RFC 2104) of `message` under `key`.
    public static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
        OpenSSLLibrary.prepare()
        var code = [UInt8](repeating: 0, count: codeSize)
        var length: UInt32 = 0
        let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        precondition(result != nil && length == UInt32(codeSize), "SHA-256 is part of every OpenSSL")
        return code
    }

    /// Whether two codes are equal, in a time that does not depend on where they differ.
    public static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }

    /// Octets that nobody can guess.
    public static func randomOctets(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
