import COpenSSL

/// One TLS connection without a socket: ciphertext in and out through memory, plaintext on the other side.
public final class TLSSession {
    private let ssl: OpaquePointer
    private let incoming = CiphertextWindow()
    private let outgoing: OpaquePointer
    private let peerName: String

    /// A client that insists on a certificate for `serverName`.
    public convenience init(client context: TLSContext, serverName: String) throws {
        try self.init(context: context, peerName: serverName)
        SSL_set_connect_state(ssl)
        let isNumeric = serverName.contains(":") || serverName.allSatisfy { $0.isNumber || $0 == "." }
        if isNumeric {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName)
        } else {
            SSL_set1_host(ssl, serverName)
            _ = latexp_set_server_name(ssl, serverName)
        }
    }

    /// A server.
    public convenience init(server context: TLSContext) throws {
        try self.init(context: context, peerName: "the client")
        SSL_set_accept_state(ssl)
    }

    private init(context: TLSContext, peerName: String) throws {
        guard let ssl = SSL_new(context.handle) else { throw opensslError(.tls, "cannot start a TLS connection") }
        guard let source = incoming.makeBIO(), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            throw opensslError(.tls, "cannot start a TLS connection")
        }
        // The session owns both BIOs from here on.
        SSL_set_bio(ssl, source, outgoing)
        self.ssl = ssl
        self.outgoing = outgoing
        self.peerName = peerName
    }

    deinit { SSL_free(ssl) }

    /// Takes ciphertext that came from the network.
    ///
    /// It is not copied: `handshake` and then `read` must have taken all of it before the memory is used again, which they have
    /// when they say that more must come.
    @inline(__always)
    public func receive(_ ciphertext: UnsafeRawBufferPointer) {
        incoming.unread = ciphertext
    }

    /// Goes on with the handshake: true when it is complete, false when more must come.
    ///
    /// - Throws: `TransportError` `untrusted` with the reason and the name, or `tls`.
    public func handshake() throws -> Bool {
        ERR_clear_error()
        let code = SSL_do_handshake(ssl)
        if code == 1 { return true }
        switch SSL_get_error(ssl, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        default: throw handshakeError()
        }
    }

    private func handshakeError() -> TransportError {
        let verification = SSL_get_verify_result(ssl)
        if verification != Int(X509_V_OK), let text = X509_verify_cert_error_string(verification) {
            ERR_clear_error()
            return TransportError(
                .untrusted,
                "the certificate of \(peerName) is not accepted: \(String(cString: text)); "
                    + "check the address, the host's clock, and the bundle of trusted certificates"
            )
        }
        return opensslError(.tls, "TLS with \(peerName) failed")
    }

    /// Reads plaintext: its count, 0 when there is none at the moment, nil when the other side has said goodbye.
    @inline(__always)
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
        let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return Int(count) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return 0
        case SSL_ERROR_ZERO_RETURN: return nil
        default: throw opensslError(.tls, "TLS with \(peerName) failed")
        }
    }

    /// Encrypts all of `plaintext`; take the result with `takeOutput`.
    public func write(_ plaintext: UnsafeRawBufferPointer) throws {
        var rest = plaintext
        while rest.count > 0 {
            let count = SSL_write(ssl, rest.baseAddress, Int32(clamping: rest.count))
            guard count > 0 else { throw opensslError(.tls, "TLS with \(peerName) failed") }
            rest = UnsafeRawBufferPointer(rebasing: rest[Int(count)...])
        }
    }

    /// Whether what was received is not all read; a look at this is cheaper than a read that finds nothing.
    @inline(__always)
    var hasMoreToRead: Bool { incoming.unread.count > 0 || SSL_has_pending(ssl) == 1 }

    /// Whether ciphertext waits to be sent.
    @inline(__always)
    var hasOutput: Bool { latexp_bio_pending(outgoing) > 0 }

    /// Says goodbye.
    public func finish() {
        SSL_shutdown(ssl)
    }

    /// Appends the ciphertext that waits to be sent to `output`.
    public func takeOutput(_ output: inout [UInt8]) {
        let waiting = latexp_bio_pending(outgoing)
        guard waiting > 0 else { return }
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: waiting))
        output.withUnsafeMutableBytes { bytes in
            let count = BIO_read(outgoing, bytes.baseAddress.map { $0 + start }, Int32(waiting))
            assert(Int(count) == waiting)
        }
    }

    /// The version and cipher agreed on, as in `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    public var agreed: String {
        let version = SSL_get_version(ssl).map { String(cString: $0) } ?? "?"
        let cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "?"
        return "\(version) \(cipher)"
    }
}
