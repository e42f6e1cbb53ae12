import Testing
import WebSocketCodec

/// Conversations with an independent implementation, Python's `websockets`, in both roles.
@Suite(.timeLimit(.minutes(3)))
struct PythonInteropTests {
    /// A server that echoes, unless a text asks for something else.
    ///
    /// It prints its port, then what it saw of each connection's end.
    static let server = """
        import asyncio, websockets
        async def serve(ws, path):
            try:
                async for message in ws:
                    if message == "fragments": await ws.send(["frag", "ment", "ed"])
                    elif message == "ping":
                        await asyncio.wait_for(await ws.ping(b"1790134675605"), 10)
                        await ws.send("pong seen")
                    elif message == "close": await ws.close(1008, "Pong timeout")
                    else: await ws.send(message)
            finally:
                print("closed", ws.close_code, ws.close_reason, flush=True)
        async def main():
            async with websockets.serve(serve, "127.0.0.1", 0, max_size=1 << 21) as server:
                print(server.sockets[0].getsockname()[1], flush=True)
                await asyncio.Future()
        asyncio.run(main())
        """

    /// Talks to our server and prints "done" when everything was as it should be.
    static let client = """
        import asyncio, sys, websockets
        async def main():
            uri = "ws://127.0.0.1:" + sys.argv[1] + "/stream?streams=a"
            async with websockets.connect(uri, max_size=1 << 21) as ws:
                for message in ["text", "", "\\u725b\\u6765", b"\\x00\\xff" * 10, "x" * 125, "x" * 126, "y" * 70000]:
                    await ws.send(message)
                    assert await ws.recv() == message, message[:40]
                await ws.send(["in ", "three ", "parts"])
                assert await ws.recv() == "in three parts"
                await asyncio.wait_for(await ws.ping(b"payload"), 10)
                await ws.send("fragments")
                assert await ws.recv() == "fragmented"
                await ws.close(4001, "bye")
            async with websockets.connect(uri) as ws:
                await ws.send("close")
                try:
                    await ws.recv()
                    assert False
                except websockets.ConnectionClosed as closed:
                    assert (closed.rcvd.code, closed.rcvd.reason) == (1001, "shutting down"), closed
            print("done", flush=True)
        asyncio.run(main())
        """

    @Test func ourClientTalksToAPythonServer() throws {
        guard try PythonPeer.isInstalled() else { return }
        var python = try PythonPeer(script: Self.server)
        let port = try python.port()
        var peer = try WebSocketPeer.connect(port: port)
        for text in ["text", "", "牛来", String(repeating: "x", count: 126), String(repeating: "y", count: 70_000)] {
            try peer.sendText(text)
            #expect(try peer.next() == .text(text))
        }
        let binary = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
        try peer.send(.binary, binary)
        #expect(try peer.next() == Event(kind: .binary, payload: binary))
        try peer.sendText("fragments")
        #expect(try peer.next() == .text("fragmented"))
        try peer.send(.text, Array("two ".utf8), isFinal: false)
        try peer.send(.ping, Array("between".utf8))
        #expect(try peer.next() == Event(kind: .pong, payload: Array("between".utf8)))
        try peer.send(.continuation, Array("parts".utf8))
        #expect(try peer.next() == .text("two parts"))
        try peer.sendText("ping")
        #expect(try peer.next() == Event(kind: .ping, payload: Array("1790134675605".utf8)))
        try peer.send(.pong, Array("1790134675605".utf8))
        #expect(try peer.next() == .text("pong seen"))
        try peer.sendClose(4002, reason: "enough")
        #expect(try peer.next() == .close(4002, "enough"))
        peer.close()
        #expect(try python.line() == "closed 4002 enough")
    }

    @Test func ourClientSeesThePythonServerClose() throws {
        guard try PythonPeer.isInstalled() else { return }
        var python = try PythonPeer(script: Self.server)
        let port = try python.port()
        var peer = try WebSocketPeer.connect(port: port)
        try peer.sendText("close")
        #expect(try peer.next() == .close(1008, "Pong timeout"))
        try peer.sendClose(1008, reason: "Pong timeout")
        #expect(try peer.next() == nil)
        peer.close()
        #expect(try python.line() == "closed 1008 Pong timeout")
    }

    @Test func thePythonServerClosesOnWhatOurEncoderWouldNeverSend() throws {
        guard try PythonPeer.isInstalled() else { return }
        var python = try PythonPeer(script: Self.server)
        let port = try python.port()
        var peer = try WebSocketPeer.connect(port: port)
        try peer.send(.continuation, Array("of nothing".utf8))
        #expect(try peer.next()?.closeCode == CloseCode.protocolError)
    }

    @Test func aPythonClientTalksToOurServer() throws {
        guard try PythonPeer.isInstalled() else { return }
        let listener = try LoopbackSocket.listening()
        var python = try PythonPeer(script: Self.client, arguments: ["\(try listener.port())"])
        let first = try WebSocketPeer.accept(listener)
        #expect(try Self.serve(first) == .close(4001, "bye"))
        let second = try WebSocketPeer.accept(listener)
        #expect(try Self.serve(second) == .close(1001, "shutting down"))
        #expect(try python.line() == "done")
    }

    /// Echoes until the peer closes; gives its close frame.
    private static func serve(_ connection: consuming WebSocketPeer) throws -> Event? {
        var peer = connection
        var isClosing = false
        while let event = try peer.next() {
            switch event.kind {
            case .text where event == .text("fragments"):
                try peer.send(.text, Array("frag".utf8), isFinal: false)
                try peer.send(.ping, [])
                try peer.send(.continuation, Array("mented".utf8))
            case .text where event == .text("close"):
                try peer.sendClose(1001, reason: "shutting down")
                isClosing = true
            case .text: try peer.send(.text, event.payload)
            case .binary: try peer.send(.binary, event.payload)
            case .ping: try peer.send(.pong, event.payload)
            case .pong, .fragment: break
            case .close:
                if !isClosing {
                    try peer.sendClose(event.closeCode, reason: String(decoding: event.payload, as: UTF8.self))
                }
                return event
            }
        }
        return nil
    }
}
