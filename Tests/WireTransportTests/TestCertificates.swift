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

    /// Makes an authority that is valid for so many days; its time is over already when there are fewer than none.
    init(folder: String, days: Int = 2) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "basicConstraints=critical,CA:TRUE\n".write(toFile: folder + "/ca.ext", atomically: true, encoding: .utf8)
        try Self.openssl(
            ["req", "-new"] + Self.newKey + [
                "-subj", "/CN=test authority", "-keyout", folder + "/ca.key", "-out", folder + "/ca.csr",
            ]
        )
        try Self.openssl([
            "x509", "-req", "-in", folder + "/ca.csr", "-signkey", folder + "/ca.key", "-days", "\(days)", "-extfile",
            folder + "/ca.ext", "-out", caFile,
        ])
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

    /// A certificate of this authority that is not valid before the year 2098.
    func files(tooEarlyFor name: String) throws -> Files {
        let stem = folder + "/" + UUID().uuidString.prefix(8)
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(stem).index
            new_certs_dir = \(folder)
            default_md = sha256
            rand_serial = yes
            policy = any
            x509_extensions = names
            [any]
            commonName = supplied
            [names]
            subjectAltName = DNS:\(name)

            """
        try configuration.write(toFile: stem + ".conf", atomically: true, encoding: .utf8)
        try "".write(toFile: stem + ".index", atomically: true, encoding: .utf8)
        try Self.openssl(
            ["req", "-new"] + Self.newKey + ["-subj", "/CN=\(name)", "-keyout", stem + ".key", "-out", stem + ".csr"]
        )
        try Self.openssl([
            "ca", "-batch", "-config", stem + ".conf", "-cert", caFile, "-keyfile", folder + "/ca.key",
            "-startdate", "20980102030405Z", "-enddate", "20990102030405Z", "-notext", "-in", stem + ".csr", "-out",
            stem + ".pem",
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
