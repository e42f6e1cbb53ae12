import COpenSSL

/// One TLS connection without a socket: ciphertext in and out through memory, plaintext on the other side.
public final class TLSSession {
    private let ssl: OpaquePointer
    private let incoming = CiphertextWindow()
    private let outgoing: OpaquePointer
    private let peerName: String
    private let trusted: String
    /// Why the server's certificate was not accepted.
    private var refusal: CertificateRefusal?

    /// A client that insists on a certificate for `serverName`, a host name or an address.
    ///
    /// - Throws: `TransportError` `untrusted` for a name that no certificate can be checked for.
    public convenience init(client context: TLSContext, serverName: String) throws {
        let name = try ServerName(serverName)
        try self.init(context: context, peerName: serverName)
        SSL_set_connect_state(ssl)
        try expect(name)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_set_verify(ssl, SSL_VERIFY_PEER) { isAccepted, store in
            if isAccepted == 0, let store { TLSSession.noteRefusal(store) }
            return isAccepted
        }
    }

    /// Names the server in the hello (not by address: RFC 6066 section 3) and has its certificate checked for the name.
    private func expect(_ name: ServerName) throws {
        let parameters = SSL_get0_param(ssl)
        // The common name of a certificate counts for nothing (RFC 9525 section 2), and a wildcard for one whole label.
        X509_VERIFY_PARAM_set_hostflags(
            parameters,
            UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        )
        let isSet =
            switch name {
            case .address(let octets): X509_VERIFY_PARAM_set1_ip(parameters, octets, octets.count) == 1
            case .host(let host):
                X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1
                    && latexp_set_server_name(ssl, host) == 1
            }
        guard isSet else { throw opensslError(.tls, "cannot ask for a certificate for \(peerName)") }
    }

    /// Keeps what OpenSSL's verification stopped at; called by OpenSSL during a handshake.
    private static func noteRefusal(_ store: OpaquePointer) {
        guard
            let session = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let data = SSL_get_ex_data(OpaquePointer(session), 0)
        else { return }
        Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue().refusal = CertificateRefusal(store)
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
        self.peerName = PeerText.shown(peerName)
        self.trusted = context.trusted ?? "none"
    }

    deinit { SSL_free(ssl) }

    /// Takes ciphertext that came from the network.
    ///
    /// It is not copied: `handshake` and then `read` must have taken all of it before the memory is used again, which
    /// they have when they say that more must come.
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
        if let refusal {
            ERR_clear_error()
            return refusal.error(name: peerName, trusted: trusted)
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
