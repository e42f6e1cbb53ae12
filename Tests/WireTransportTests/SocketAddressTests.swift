import Testing

@testable import WireTransport

struct SocketAddressTests {
    @Test
    func `whatever the order of the look-up, an address keeps its number among those of its family`() throws {
        func addresses(_ hosts: String...) throws -> [SocketAddress] {
            try hosts.flatMap { try SocketAddress.resolve(host: $0, port: 443) }
        }
        let turns = [
            try addresses("::1", "192.0.2.3", "192.0.2.1", "192.0.2.2"),
            try addresses("::1", "192.0.2.2", "192.0.2.3", "192.0.2.1"),
        ]
        for turn in turns {
            #expect(
                SocketAddress.inFixedOrder(turn).map(\.host) == ["::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
            )
        }
        #expect(
            SocketAddress.inFixedOrder(Array(turns[0].reversed())).first?.host == "192.0.2.1",
            "families stay in order"
        )
    }
}
