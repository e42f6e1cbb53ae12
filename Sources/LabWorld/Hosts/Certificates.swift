import Foundation

/// A throw-away authority and the exchange's certificate, made with the openssl command; EC keys on P-256.
struct Certificates: Sendable {
    /// The exchange's name in the world.
    static let exchangeName = "exchange.lab"
    /// Valid for a few days: worlds are short-lived, and so should be what they are trusted with.
    private static let days = "5"

    /// The authority to trust.
    let authorityFile: String
    /// The exchange's certificate.
    let certificateFile: String
    /// Its private key.
    let keyFile: String

    /// LibreSSL, which is macOS's openssl, takes extensions from files only.
    private static let configuration = """
        [req]
        prompt = no
        distinguished_name = authority_name
        [authority_name]
        CN = latexp lab authority
        [authority]
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        [server_request]
        prompt = no
        distinguished_name = server_name
        [server_name]
        CN = \(exchangeName)
        [server]
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature
        extendedKeyUsage = serverAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        subjectAltName = DNS:\(exchangeName), DNS:localhost, IP:127.0.0.1

        """

    /// Makes them: the authority in the world's directory, the rest in its folder `exchange`.
    static func make(in directory: LabDirectory) async throws -> Certificates {
        let openssl = try Tool("openssl", package: (apt: "openssl", brew: "openssl@3"))
        let folder = try directory.makeFolder("exchange")
        let authority = directory.path("ca.pem")
        try directory.write(configuration, to: "exchange/openssl.conf")
        // The second request reads its own section under the name that openssl looks for.
        let request = configuration.replacingOccurrences(of: "[req]", with: "[unused]")
            .replacingOccurrences(of: "[server_request]", with: "[req]")
        try directory.write(request, to: "exchange/request.conf")
        func run(_ arguments: String) async throws {
            let words = arguments.split(separator: " ").map { $0 == "AUTHORITY" ? authority : String($0) }
            _ = try await openssl.run(words, directory: folder)
        }
        for key in ["ca.key", "server.key"] {
            // Made by this process first, so that the file is never readable to others.
            try directory.write("", to: "exchange/\(key)")
            try await run("ecparam -name prime256v1 -genkey -noout -out \(key)")
        }
        try await run(
            "req -new -x509 -key ca.key -config openssl.conf -extensions authority -days \(days) -out AUTHORITY"
        )
        try await run("req -new -key server.key -config request.conf -out server.csr")
        try await run(
            "x509 -req -in server.csr -CA AUTHORITY -CAkey ca.key -CAcreateserial -CAserial ca.srl -days \(days) "
                + "-extfile openssl.conf -extensions server -out server.pem"
        )
        // Nobody can make another certificate that the world's clients would trust.
        try FileManager.default.removeItem(atPath: "\(folder)/ca.key")
        return Certificates(
            authorityFile: authority,
            certificateFile: "\(folder)/server.pem",
            keyFile: "\(folder)/server.key"
        )
    }
}
