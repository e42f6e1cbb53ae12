import COpenSSL

/// Why a certificate was not accepted, in words that say what to do.
struct CertificateRefusal {
    /// OpenSSL's reason, one of `X509_V_ERR_…`.
    let reason: Int32
    /// How far from the server's own certificate the one with the fault is; 0 is its own.
    let depth: Int
    /// The certificate with the fault.
    let certificate: CertificateFacts?

    /// Reads what OpenSSL's verification stopped at.
    init(_ store: OpaquePointer) {
        reason = X509_STORE_CTX_get_error(store)
        depth = Int(X509_STORE_CTX_get_error_depth(store))
        certificate = X509_STORE_CTX_get_current_cert(store).map { CertificateFacts($0) }
    }

    /// The error for the server that was to be called `name`; `trusted` says which certificates are trusted.
    func error(name: String, trusted: String) -> TransportError {
        let known = X509_verify_cert_error_string(Int(reason)).map { String(cString: $0) } ?? "error \(reason)"
        return TransportError(
            .untrusted,
            "the certificate of \(name) is not accepted: \(words(name, trusted)) (\(known))"
        )
    }

    private func words(_ name: String, _ trusted: String) -> String {
        guard let certificate else { return "trusted are \(trusted)" }
        let which = depth == 0 ? "it" : "the certificate of '\(certificate.subject)' that it rests on"
        switch reason {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "it is for \(certificate.namesText), not for \(name); check the address, or who answers there"
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "\(which) expired on \(certificate.notAfter), and this host's clock says \(UTCText.now())"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return
                "\(which) is valid from \(certificate.notBefore) on only, and this host's clock says \(UTCText.now())"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return "'\(certificate.subject)' has signed it for itself, and it is not among \(trusted)"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "\(which) was signed by '\(certificate.issuer)', which is not among \(trusted)"
        default:
            return "\(which) is for \(certificate.namesText), signed by '\(certificate.issuer)'; trusted are \(trusted)"
        }
    }
}
