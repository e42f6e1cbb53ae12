import COpenSSL

/// Settings that TLS connections share: whom to trust, or whom to be.
public final class TLSContext {
    let handle: OpaquePointer
    /// Which certificates are trusted, in words; nil for a server.
    let trusted: String?

    private init(handle: OpaquePointer, trusted: String? = nil) {
        self.handle = handle
        self.trusted = trusted
        _ = latexp_require_tls12(handle)
        latexp_set_write_modes(handle)
        latexp_set_read_ahead(handle)
    }

    deinit { SSL_CTX_free(handle) }

    /// A client that verifies certificates and names against the bundle in `caFile`, or the one that `SSL_CERT_FILE` in
    /// `environment` names, or else the host's own.
    ///
    /// - Throws: `TransportError` `certificateFile` when there is no bundle or it holds no certificate.
    public static func client(caFile: String?, environment: [String: String] = [:]) throws -> TLSContext {
        let bundle = try CertificateBundle.find(named: caFile, environment: environment)
        OpenSSLLibrary.prepare()
        guard let handle = SSL_CTX_new(TLS_client_method()) else { throw opensslError(.tls, "cannot start TLS") }
        let context = TLSContext(handle: handle, trusted: bundle.text)
        // A session that no callback watches over verifies as well.
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        guard SSL_CTX_load_verify_locations(handle, bundle.file, nil) == 1 else {
            throw opensslError(.certificateFile, "cannot use \(bundle.text)")
        }
        return context
    }

    /// A server with the certificate chain and key in two PEM files.
    ///
    /// - Throws: `TransportError` `certificateFile` when they cannot be read or do not fit each other.
    public static func server(certificateFile: String, keyFile: String) throws -> TLSContext {
        OpenSSLLibrary.prepare()
        guard let handle = SSL_CTX_new(TLS_server_method()) else { throw opensslError(.tls, "cannot start TLS") }
        let context = TLSContext(handle: handle)
        guard
            SSL_CTX_use_certificate_chain_file(handle, certificateFile) == 1,
            SSL_CTX_use_PrivateKey_file(handle, keyFile, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(handle) == 1
        else { throw opensslError(.certificateFile, "cannot use \(certificateFile) with the key \(keyFile)") }
        return context
    }
}

/// OpenSSL as a whole.
enum OpenSSLLibrary {
    private static let isPrepared = latexp_ignore_configuration() == 1

    /// Has it work alike on every host: without the host's own openssl.cnf, which may ask for modules that a static
    /// program cannot load, and for limits that would be hard to find.
    static func prepare() {
        precondition(isPrepared, "OpenSSL does not start")
    }
}

/// The error at the top of OpenSSL's queue in words, with what was tried; clears the queue.
func opensslError(_ code: TransportError.Code, _ what: String) -> TransportError {
    var buffer = [CChar](repeating: 0, count: 256)
    let number = ERR_get_error()
    ERR_clear_error()
    guard number != 0 else { return TransportError(code, what) }
    ERR_error_string_n(number, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // "error:0A000086:SSL routines::certificate verify failed": the last part is for people.
    let reason = text.split(separator: ":").last.map(String.init) ?? text
    return TransportError(code, "\(what): \(reason)")
}
