import Foundation
import WireTransport

/// A throw-away certificate authority, made with the openssl command.
struct TestCertificates {
    let folder: String
    var caFile: String { folder + "/ca.pem" }

    init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test authority", "-keyout", folder + "/ca.key", "-out", folder + "/ca.pem",
        ])
    }

    /// A server's settings with a certificate for `name`.
    func serverContext(for name: String) throws -> TLSContext {
        let stem = folder + "/" + name
        try "subjectAltName=DNS:\(name)\n".write(toFile: stem + ".ext", atomically: true, encoding: .utf8)
        try Self.openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", stem + ".key", "-out", stem + ".csr",
        ])
        try Self.openssl([
            "x509", "-req", "-in", stem + ".csr", "-CA", caFile, "-CAkey", folder + "/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", stem + ".ext", "-out", stem + ".pem",
        ])
        return try .server(certificateFile: stem + ".pem", keyFile: stem + ".key")
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
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
