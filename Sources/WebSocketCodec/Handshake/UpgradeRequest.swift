/// The request by which a client asks for a WebSocket connection (RFC 6455 section 4.1).
///
/// It never offers extensions: compression would put the peer's compressor into what is measured.
public struct UpgradeRequest: Sendable {
    /// The request as it goes onto the wire.
    public let bytes: [UInt8]
    /// What `Sec-WebSocket-Accept` must be in the answer.
    public let expectedAccept: String
    /// The subprotocols offered.
    public let subprotocols: [String]

    /// Builds the request.
    ///
    /// - Parameters:
    ///   - host: the server's name or address; an IPv6 address without brackets.
    ///   - port: the server's port; left out of `Host` where it is the default.
    ///   - isSecure: whether the connection is TLS, which decides the default port.
    ///   - target: path and query, beginning with a slash.
    ///   - key: 16 random bytes, new for every connection.
    ///   - headers: further headers; none of those that make the handshake.
    ///   - subprotocols: what to offer, best first.
    /// - Throws: `invalidRequest` when a part could not be sent as it is.
    public init(
        host: String,
        port: Int,
        isSecure: Bool,
        target: String,
        key: [UInt8],
        headers: [HTTPHeader] = [],
        subprotocols: [String] = []
    ) throws(WebSocketError) {
        try Self.check(host: host, port: port, target: target, key: key)
        try Self.check(headers: headers, subprotocols: subprotocols)
        let keyText = Base64.encode(key)
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
        var lines = [
            "GET \(target) HTTP/1.1",
            "Host: \(authority)",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(keyText)",
            "Sec-WebSocket-Version: 13",
        ]
        if !subprotocols.isEmpty {
            lines.append("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))")
        }
        lines += headers.map { "\($0.name): \($0.value)" }
        self.bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        self.expectedAccept = WebSocketKey.accept(for: keyText)
        self.subprotocols = subprotocols
    }

    /// Makes a key for ``init(host:port:isSecure:target:key:headers:subprotocols:)``.
    public static func randomKey(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<WebSocketKey.byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func check(host: String, port: Int, target: String, key: [UInt8]) throws(WebSocketError) {
        let isHostPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@[]\\".utf8.contains($0) }
        guard !host.isEmpty, isHostPlain else {
            throw WebSocketError(.invalidRequest, "\(host.debugDescription) is not a host name or address")
        }
        guard (1...65535).contains(port) else {
            throw WebSocketError(.invalidRequest, "port \(port) is not between 1 and 65535")
        }
        guard HTTPSyntax.isOriginForm(target) else {
            throw WebSocketError(
                .invalidRequest,
                "\(target.debugDescription) is not a path with query: it must begin with / and be visible ASCII"
            )
        }
        guard key.count == WebSocketKey.byteCount else {
            throw WebSocketError(.invalidRequest, "a key has \(WebSocketKey.byteCount) bytes, not \(key.count)")
        }
    }

    private static func check(headers: [HTTPHeader], subprotocols: [String]) throws(WebSocketError) {
        let reserved: Set = [
            "host", "upgrade", "connection", "content-length", "transfer-encoding", "sec-websocket-key",
            "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions", "sec-websocket-accept",
        ]
        for header in headers {
            guard header.isSendable else {
                throw WebSocketError(.invalidRequest, "header \(header.name.debugDescription) cannot be sent as it is")
            }
            guard !reserved.contains(header.name.lowercased()) else {
                throw WebSocketError(.invalidRequest, "header \(header.name) belongs to the handshake itself")
            }
        }
        for name in subprotocols where !HTTPSyntax.isToken(name) {
            throw WebSocketError(.invalidRequest, "\(name.debugDescription) is not a subprotocol name")
        }
    }
}
