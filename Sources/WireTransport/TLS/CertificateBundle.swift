import CSockets

/// Where systems keep their bundle of trusted certificates.
public struct CertificateBundle: Equatable, Sendable {
    /// The file.
    public var file: String
    /// How it was chosen, for messages.
    public var origin: String

    /// Debian, Ubuntu, Alpine; Amazon Linux and Fedora, old and new; Alpine and BSD; openSUSE.
    public static let usualPlaces = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ]

    /// The file that was named, else the one that `SSL_CERT_FILE` names, else the first usual place where something is.
    ///
    /// - Throws: `TransportError` `certificateFile` that lists the places looked at.
    public static func find(named: String?, environment: [String: String]) throws -> CertificateBundle {
        if let named { return CertificateBundle(file: named, origin: "named by feed.caFile") }
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty {
            return CertificateBundle(file: file, origin: "named by SSL_CERT_FILE")
        }
        if let file = usualPlaces.first(where: holdsSomething) {
            return CertificateBundle(file: file, origin: "this host's own")
        }
        throw TransportError(
            .certificateFile,
            "no bundle of trusted certificates: looked at \(usualPlaces.joined(separator: ", ")); "
                + "install ca-certificates, or name a file with SSL_CERT_FILE or feed.caFile"
        )
    }

    /// Whether a file is there, may be read and is not empty, as one is that a half-removed ca-certificates leaves.
    private static func holdsSomething(_ path: String) -> Bool {
        var status = stat()
        guard access(path, R_OK) == 0, stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
    }

    /// The trusted certificates, in words.
    var text: String { "the trusted certificates in \(file) (\(origin))" }
}
