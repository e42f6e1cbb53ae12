import COpenSSL

/// Settings that TLS connections share: whom to trust, or whom to be.
public final class TLSContext {
    let handle: OpaquePointer

    private init(handle: OpaquePointer) {
        self.handle = handle
        _ = latexp_require_tls12(handle)
        latexp_set_write_modes(handle)
        latexp_set_read_ahead(handle)
    }

    deinit { SSL_CTX_free(handle) }

    /// A client that verifies certificates and names against the bundle in `caFile`, or else the host's own.
    ///
    /// - Throws: `TransportError` `certificateFile` when there is no bundle or it holds no certificate.
    public static func client(caFile: String?, environment: [String: String] = [:]) throws -> TLSContext {
        guard let handle = SSL_CTX_new(TLS_client_method()) else { throw opensslError(.tls, "cannot start TLS") }
        let context = TLSContext(handle: handle)
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        let file = try caFile ?? CertificateBundle.find(environment: environment)
        guard SSL_CTX_load_verify_locations(handle, file, nil) == 1 else {
            throw opensslError(.certificateFile, "cannot use the certificates in \(file)")
        }
        return context
    }

    /// A server with the certificate chain and key in two PEM files.
    ///
    /// - Throws: `TransportError` `certificateFile` when they cannot be read or do not fit each other.
    public static func server(certificateFile: String, keyFile: String) throws -> TLSContext {
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

/// Where systems keep their bundle of trusted certificates.
public enum CertificateBundle {
    /// Debian and Ubuntu; Amazon Linux and Fedora; Alpine and BSD; openSUSE.
    public static let usualPlaces = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ]

    /// The file that `SSL_CERT_FILE` names, else the first usual place that can be read.
    ///
    /// - Throws: `TransportError` `certificateFile` that lists the places looked at.
    public static func find(environment: [String: String]) throws -> String {
        if let named = environment["SSL_CERT_FILE"], !named.isEmpty { return named }
        if let place = usualPlaces.first(where: { access($0, R_OK) == 0 }) { return place }
        throw TransportError(
            .certificateFile,
            "no bundle of trusted certificates: looked at \(usualPlaces.joined(separator: ", ")); "
                + "install ca-certificates, or name a file with SSL_CERT_FILE or feed.caFile"
        )
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
