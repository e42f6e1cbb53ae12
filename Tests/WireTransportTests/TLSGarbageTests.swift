import TestSupport
import Testing

@testable import WireTransport

/// What is no TLS, or nearly TLS: a session ends with an error of this module, gives nothing out, and keeps nothing
/// that grows.
@Suite(.timeLimit(.minutes(1)))
struct TLSGarbageTests {
    /// Two sessions that agree in memory; what the server sent until the client was content.
    private static func serverFlight(_ folder: String) throws -> (octets: [UInt8], client: TLSContext) {
        let certificates = try TestCertificates(folder: folder)
        let client = try TLSContext.client(caFile: certificates.caFile)
        let near = try TLSSession(client: client, serverName: "exchange.lab")
        let far = try TLSSession(server: try certificates.serverContext(for: "exchange.lab"))
        var flight: [UInt8] = []
        var isAgreed = false
        for _ in 0..<6 where !isAgreed {
            isAgreed = try near.handshake()
            var toServer: [UInt8] = []
            near.takeOutput(&toServer)
            toServer.withUnsafeBytes { far.receive($0) }
            _ = try far.handshake()
            var toClient: [UInt8] = []
            far.takeOutput(&toClient)
            toClient.withUnsafeBytes { near.receive($0) }
            flight += toClient
        }
        try #require(isAgreed && flight.count > 500)
        return (flight, client)
    }

    /// Gives octets to a client that expects a server, in two pieces; whether it took them for a whole handshake.
    private static func give(_ octets: [UInt8], to context: TLSContext) throws -> Bool {
        let session = try TLSSession(client: context, serverName: "exchange.lab")
        _ = try session.handshake()
        var sent: [UInt8] = []
        session.takeOutput(&sent)
        var isAgreed = false
        let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        defer { plaintext.deallocate() }
        for piece in [octets.prefix(octets.count / 2), octets.suffix(octets.count - octets.count / 2)] {
            piece.withUnsafeBytes { session.receive($0) }
            isAgreed = try session.handshake()
            sent.removeAll()
            session.takeOutput(&sent)
            #expect(sent.count < 4_096, "an answer to garbage of \(sent.count) octets")
            if isAgreed { while let count = try session.read(into: plaintext), count > 0 {} }
        }
        return isAgreed
    }

    @Test("No TLS at all: each is an error that names the server, or waits for more")
    func noTLS() throws {
        try withTemporaryFolder { folder in
            let context = try TLSContext.client(caFile: TestCertificates(folder: folder).caFile)
            let corpus: [[UInt8]] = [
                Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
                [UInt8](repeating: 0, count: 5_000), [UInt8](repeating: 0xFF, count: 70_000),
                // A handshake record of the greatest length, an alert that is none, a change of cipher alone, a record
                // of nothing.
                [0x16, 0x03, 0x03, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 70_000),
                [0x15, 0x03, 0x03, 0x00, 0x02, 0x09, 0x99],
                [0x14, 0x03, 0x03, 0x00, 0x01, 0x01], [0x16, 0x03, 0x03, 0x00, 0x00],
                [0x17, 0x03, 0x03, 0x00, 0x05, 1, 2, 3, 4, 5],
                // A server's greeting that says nothing, and one that says it is four gigabytes long.
                [0x16, 0x03, 0x03, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00],
                [0x16, 0x03, 0x03, 0x00, 0x04, 0x02, 0xFF, 0xFF, 0xFF],
            ]
            var refused = 0
            for octets in corpus {
                do {
                    #expect(try !Self.give(octets, to: context))
                } catch let error as TransportError {
                    refused += 1
                    #expect(error.message.contains("exchange.lab") && error.message.utf8.count < 600, "\(error)")
                }
            }
            #expect(refused >= corpus.count - 2)
        }
    }

    @Test("A genuine server's octets with one to four changed: refused, or the very same", arguments: [17 as UInt64])
    func changed(seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let (flight, context) = try Self.serverFlight(folder)
            var generator = SeededGenerator(seed: seed)
            let count = 2_000
            var refused = 0
            for round in 0..<count {
                var octets = flight
                for _ in 0...Int(generator.next() % 4) {
                    let place = Int(generator.next() % UInt64(octets.count))
                    switch generator.next() % 4 {
                    case 0: octets[place] ^= 1 << UInt8(generator.next() % 8)
                    case 1: octets.remove(at: place)
                    case 2: octets.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
                    default: octets.removeLast(octets.count - place)
                    }
                    if octets.isEmpty { break }
                }
                do {
                    #expect(
                        try !Self.give(octets, to: context),
                        "seed \(seed) round \(round): a changed handshake was taken"
                    )
                } catch is TransportError {
                    refused += 1
                }
            }
            print("TLS: seed \(seed), \(count) changed handshakes, \(refused) refused, the others waited for more")
            #expect(refused > count / 2)
        }
    }
}
