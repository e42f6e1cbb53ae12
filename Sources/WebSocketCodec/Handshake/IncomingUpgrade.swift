/// A client's upgrade request as a server reads it (RFC 6455 section 4.2).
public struct IncomingUpgrade: Sendable, Equatable {
    /// How many bytes of the buffer the request takes; frames begin right after.
    public let consumedBytes: Int
    /// Path and query as sent.
    public let target: String
    /// The target up to the question mark.
    public let path: String
    /// The target after the question mark; `nil` when there is none.
    public let query: String?
    /// All headers.
    public let headers: [HTTPHeader]
    /// The subprotocols offered, in order.
    public let subprotocols: [String]

    private let key: String

    fileprivate init(consumedBytes: Int, target: String, key: String, headers: [HTTPHeader]) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.consumedBytes = consumedBytes
        self.target = target
        self.path = parts[0]
        self.query = parts.count > 1 ? parts[1] : nil
        self.headers = headers
        self.subprotocols = headers.elements("Sec-WebSocket-Protocol")
        self.key = key
    }

    /// The 101 answer as it goes onto the wire.
    ///
    /// - Parameters:
    ///   - subprotocol: one of ``subprotocols``, or `nil`.
    ///   - headers: further headers.
    public func acceptance(subprotocol: String? = nil, headers: [HTTPHeader] = []) -> [UInt8] {
        var all = [
            HTTPHeader("Upgrade", "websocket"),
            HTTPHeader("Connection", "Upgrade"),
            HTTPHeader("Sec-WebSocket-Accept", WebSocketKey.accept(for: key)),
        ]
        if let subprotocol {
            all.append(HTTPHeader("Sec-WebSocket-Protocol", subprotocol))
        }
        return HTTPAnswer(status: 101, reason: "Switching Protocols", headers: all + headers, body: nil).bytes
    }
}

/// An HTTP answer that a server gives instead of the upgrade.
public struct HTTPAnswer: Sendable, Equatable {
    /// The status, such as 404.
    public let status: Int
    /// The reason phrase.
    public let reason: String
    /// Headers, without length and connection, which are added.
    public let headers: [HTTPHeader]
    /// The body as plain text.
    public let body: String?

    /// Makes an answer; `nil` for the body leaves out its length too, as in a 101.
    public init(status: Int, reason: String, headers: [HTTPHeader] = [], body: String?) {
        precondition(HTTPSyntax.isFieldValue(reason) && headers.allSatisfy(\.isSendable), "headers are one line each")
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
    }

    /// The answer as it goes onto the wire.
    public var bytes: [UInt8] {
        var lines = ["HTTP/1.1 \(status) \(reason)"] + headers.map { "\($0.name): \($0.value)" }
        if let body {
            lines += ["Content-Type: text/plain", "Content-Length: \(body.utf8.count)", "Connection: close"]
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
    }
}

/// Reads a client's upgrade request from bytes that arrive piece by piece.
public struct IncomingUpgradeParser: Sendable {
    /// What the server makes of the request.
    public enum Outcome: Sendable, Equatable {
        /// A valid request: send its ``IncomingUpgrade/acceptance(subprotocol:headers:)``, or an answer of your own.
        case upgrade(IncomingUpgrade)
        /// Not valid: send these bytes and close.
        case reject(HTTPAnswer)
    }

    private var reader = HTTPHeadReader()

    /// Makes a parser for one connection.
    public init() {}

    /// Looks at everything received so far; `nil` when more is needed.
    ///
    /// - Parameter buffer: all bytes of the connection since its start; only grows between calls.
    public mutating func next(_ buffer: UnsafeRawBufferPointer) -> Outcome? {
        do throws(WebSocketError) {
            guard let (head, consumedBytes) = try reader.next(buffer) else { return nil }
            return Self.judge(head, consumedBytes)
        } catch {
            guard error.code == .headTooLong else { return .badRequest(error.message) }
            return .reject(
                HTTPAnswer(status: 431, reason: "Request Header Fields Too Large", body: error.message + "\n")
            )
        }
    }

    private static func judge(_ head: HTTPHead, _ consumedBytes: Int) -> Outcome {
        let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2].hasPrefix("HTTP/") else { return .badRequest("malformed request line") }
        guard parts[2] == "HTTP/1.1" else {
            return .reject(HTTPAnswer(status: 505, reason: "HTTP Version Not Supported", body: "use HTTP/1.1\n"))
        }
        guard parts[0] == "GET" else {
            let allow = [HTTPHeader("Allow", "GET")]
            return .reject(HTTPAnswer(status: 405, reason: "Method Not Allowed", headers: allow, body: "use GET\n"))
        }
        guard HTTPSyntax.isOriginForm(parts[1]) else { return .badRequest("malformed request target") }
        let headers = head.headers
        guard headers.values("Host").count == 1, headers.first("Host") != "" else {
            return .badRequest("one Host header is required")
        }
        guard headers.hasElement("Upgrade", "websocket"), headers.hasElement("Connection", "upgrade") else {
            return .upgradeRequired("this is a WebSocket endpoint")
        }
        guard headers.values("Sec-WebSocket-Version") == ["13"] else {
            return .upgradeRequired("WebSocket version 13 is required")
        }
        let keys = headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, WebSocketKey.isValid(keys[0]) else {
            return .badRequest("one Sec-WebSocket-Key of 16 bytes in base64 is required")
        }
        return .upgrade(
            IncomingUpgrade(consumedBytes: consumedBytes, target: parts[1], key: keys[0], headers: headers)
        )
    }
}

extension IncomingUpgradeParser.Outcome {
    fileprivate static func badRequest(_ why: String) -> Self {
        .reject(HTTPAnswer(status: 400, reason: "Bad Request", body: why + "\n"))
    }

    fileprivate static func upgradeRequired(_ why: String) -> Self {
        let headers = [HTTPHeader("Upgrade", "websocket"), HTTPHeader("Sec-WebSocket-Version", "13")]
        return .reject(HTTPAnswer(status: 426, reason: "Upgrade Required", headers: headers, body: why + "\n"))
    }
}
