import Testing

@testable import WireTransport

struct ServerNameTests {
    @Test("A host name loses the dot at its end, and nothing else")
    func hosts() throws {
        for name in [
            "fstream.binance.com", "localhost", "a-b_c.lab", "xn--bcher-kva.example", "4.example", "1and1.com",
        ] {
            #expect(try ServerName(name) == .host(name))
            #expect(try ServerName(name + ".") == .host(name))
        }
    }

    @Test("An address is one in whatever form it is written")
    func addresses() throws {
        #expect(try ServerName("127.0.0.1") == .address([127, 0, 0, 1]))
        let loopback = ServerName.address([UInt8](repeating: 0, count: 15) + [1])
        for text in ["::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%lo", "[::1%lo]"] {
            #expect(try ServerName(text) == loopback)
        }
    }

    @Test(
        "What OpenSSL would take for no name at all, and what is a name to nobody, is refused",
        arguments: [
            "", ".", "..", "a..b", ".a", "127.1", "1234", "0x7f.1", "0x7f000001", "1.2.3.4.5", "256.1.1.1", "a.b:443",
            "[exchange.lab]", "exchange.lab\u{0}.evil.example", "a b", "bücher.example", "*.lab", "user@host",
            "fe80::1::2",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "ab",
        ]
    )
    func refused(_ text: String) {
        let error = #expect(throws: TransportError.self) { try ServerName(text) }
        #expect(error?.code == .untrusted)
    }
}
