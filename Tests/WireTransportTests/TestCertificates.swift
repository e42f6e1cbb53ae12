import Foundation
import WireTransport

/// A throw-away certificate authority and its certificates, made with the openssl command.
struct TestCertificates {
    let folder: String
    var caFile: String { folder + "/ca.pem" }

    /// A certificate and its key.
    struct Files {
        var certificate: String
        var key: String

        /// A server's settings with them.
        func serverContext() throws -> TLSContext {
            try .server(certificateFile: certificate, keyFile: key)
        }
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.openssl(
            ["req", "-x509"] + Self.newKey + [
                "-days", "2", "-subj", "/CN=test authority", "-keyout", folder + "/ca.key", "-out", folder + "/ca.pem",
            ]
        )
    }

    /// A server's settings with a certificate for `name`.
    func serverContext(for name: String) throws -> TLSContext {
        try files(name, names: "DNS:\(name)").serverContext()
    }

    /// A certificate of this authority.
    ///
    /// - Parameters:
    ///   - commonName: its subject.
    ///   - names: its alternative names as OpenSSL writes them, `DNS:a,IP:b`; nil for none.
    ///   - days: for how long from now it is valid; negative when it is over already.
    func files(_ commonName: String, names: String?, days: Int = 2) throws -> Files {
        let stem = folder + "/" + UUID().uuidString.prefix(8)
        let extensions = names.map { "subjectAltName=\($0)\n" } ?? "basicConstraints=CA:FALSE\n"
        try extensions.write(toFile: stem + ".ext", atomically: true, encoding: .utf8)
        try Self.openssl(
            ["req", "-new"] + Self.newKey + [
                "-subj", "/CN=\(commonName)", "-keyout", stem + ".key", "-out", stem + ".csr",
            ]
        )
        try Self.openssl([
            "x509", "-req", "-in", stem + ".csr", "-CA", caFile, "-CAkey", folder + "/ca.key", "-CAcreateserial",
            "-days", "\(days)", "-extfile", stem + ".ext", "-out", stem + ".pem",
        ])
        return Files(certificate: stem + ".pem", key: stem + ".key")
    }

    /// A certificate that nobody but itself vouches for.
    func selfSigned(_ name: String) throws -> Files {
        let stem = folder + "/" + UUID().uuidString.prefix(8)
        try Self.openssl(
            ["req", "-x509"] + Self.newKey + [
                "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-addext",
                "basicConstraints=critical,CA:FALSE", "-keyout", stem + ".key", "-out", stem + ".pem",
            ]
        )
        return Files(certificate: stem + ".pem", key: stem + ".key")
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TransportError(
                .certificateFile,
                "openssl \(arguments.joined(separator: " ")) failed; is it installed?"
            )
        }
    }
}
