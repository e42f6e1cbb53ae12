import Foundation
import Subprocess
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// An independent WebSocket client: Python with the package `websockets`.
enum Python {
    private static let interpreter = "/usr/bin/python3"

    /// What every script begins with.
    private static let prelude = """
        import asyncio, json, os, socket, ssl, struct, sys, time
        import websockets
        arguments = json.loads(sys.argv[1])
        context = ssl.create_default_context(cafile=arguments["ca"])
        def connect(path, port=None, **options):
            return websockets.connect("wss://exchange.lab:443" + path, ssl=context, host="127.0.0.1",
                port=port or arguments["port"], compression=None, **options)

        """

    /// Runs a script that prints one JSON value and gives that value.
    static func run<Answer: Decodable & Sendable>(
        _ script: String,
        _ arguments: some Encodable,
        as _: Answer.Type
    ) async throws -> Answer {
        let text = String(decoding: try JSONEncoder().encode(arguments), as: UTF8.self)
        let result = try await Subprocess.run(
            .path(FilePath(interpreter)),
            arguments: ["-c", prelude + script, text],
            output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 20)
        )
        guard result.terminationStatus.isSuccess else {
            Issue.record(
                """
                \(interpreter) failed: \(result.standardError.suffix(1_000))
                These tests need Python's websockets: apt-get install python3-websockets
                """
            )
            throw CancellationError()
        }
        return try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8))
    }
}
