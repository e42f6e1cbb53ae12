/// The server's answer to an ``UpgradeRequest``.
public enum UpgradeResponse: Sendable, Equatable {
    /// The connection is a WebSocket now; frames begin right after the bytes consumed.
    case accepted(UpgradeAcceptance)
    /// The server answered something else; the connection is of no further use.
    case refused(UpgradeRefusal)
}

/// What a server said when it agreed to the upgrade.
public struct UpgradeAcceptance: Sendable, Equatable {
    /// How many bytes of the buffer belong to the handshake.
    public let consumedBytes: Int
    /// The subprotocol chosen, one of those offered.
    public let subprotocol: String?
    /// All headers, for a log.
    public let headers: [HTTPHeader]
}

/// An HTTP answer other than 101, kept for the error message and for the decision when to try again.
public struct UpgradeRefusal: Sendable, Equatable {
    /// How much of the body is kept.
    public static let maximumBodyBytes = 1024

    /// The HTTP status, such as 404 or 429.
    public let status: Int
    /// The reason phrase, which may be empty.
    public let reason: String
    /// All headers.
    public let headers: [HTTPHeader]
    /// The first bytes of the body as sent, with the framing of a chunked one.
    public let body: [UInt8]

    /// How long the server asks to wait, in seconds from now (RFC 9110 section 10.2.3); nil when it does not, or not
    /// readably.
    ///
    /// - Parameter nowSeconds: this host's time, seconds since 1970 UTC. Only looked at when the server names a moment
    ///   rather than a number of seconds, and gives no `Date` of its own to count from.
    public func retryAfterSeconds(nowSeconds: Int64) -> Int64? {
        guard let value = headers.first("Retry-After") else { return nil }
        if let seconds = Int64(value) { return seconds >= 0 ? seconds : nil }
        guard let moment = HTTPDate.seconds(value) else { return nil }
        return max(0, moment - (headers.first("Date").flatMap(HTTPDate.seconds) ?? nowSeconds))
    }
}

/// Reads the server's answer from bytes that arrive piece by piece.
public struct UpgradeResponseParser: Sendable {
    private let request: UpgradeRequest
    private var reader = HTTPHeadReader()
    /// Bytes of interim (1xx) answers before the one that counts.
    private var skippedBytes = 0
    private var refusal: (status: Int, reason: String, head: HTTPHead, bodyStart: Int)?

    /// Makes a parser for the answer to one request.
    public init(for request: UpgradeRequest) {
        self.request = request
    }

    /// Looks at everything received so far; `nil` when more is needed.
    ///
    /// - Parameters:
    ///   - buffer: all bytes of the connection since its start; only grows between calls.
    ///   - isEnd: whether the peer has closed its side, so that nothing more will come.
    /// - Throws: what makes the answer unusable: a head that is malformed or too long, or a 101 that breaks the rules.
    public mutating func next(
        _ buffer: UnsafeRawBufferPointer,
        isEnd: Bool = false
    ) throws(WebSocketError) -> UpgradeResponse? {
        while refusal == nil {
            let unread = UnsafeRawBufferPointer(rebasing: buffer[skippedBytes...])
            guard let (head, consumedBytes) = try reader.next(unread) else {
                guard !isEnd else {
                    throw WebSocketError(
                        .malformedHead,
                        "the server closed the connection after \(buffer.count) bytes, before its answer was complete"
                    )
                }
                return nil
            }
            let (status, reason) = try Self.statusLine(head.startLine)
            skippedBytes += consumedBytes
            if status == 101 {
                let subprotocol = try checkAcceptance(head)
                return .accepted(
                    .init(consumedBytes: skippedBytes, subprotocol: subprotocol, headers: head.headers)
                )
            }
            if status >= 200 {
                refusal = (status, reason, head, skippedBytes)
            } else if skippedBytes > HTTPHead.maximumBytes {
                throw WebSocketError(.headTooLong, "interim answers take over \(HTTPHead.maximumBytes) bytes")
            }
        }
        return refused(buffer, isEnd: isEnd)
    }

    /// Waits for as much of the body as is kept, or for its end.
    private func refused(_ buffer: UnsafeRawBufferPointer, isEnd: Bool) -> UpgradeResponse? {
        guard let refusal else { return nil }
        let arrived = buffer[refusal.bodyStart...]
        let announced = refusal.head.headers.first("Content-Length").flatMap(Int.init) ?? Int.max
        let wanted = min(max(0, announced), UpgradeRefusal.maximumBodyBytes)
        guard isEnd || arrived.count >= wanted else { return nil }
        return .refused(
            UpgradeRefusal(
                status: refusal.status,
                reason: refusal.reason,
                headers: refusal.head.headers,
                body: Array(arrived.prefix(wanted))
            )
        )
    }

    private static func statusLine(_ line: String) throws(WebSocketError) -> (status: Int, reason: String) {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        // A proxy in between may refuse with HTTP/1.0; an upgrade needs HTTP/1.1.
        guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0" && parts[1] != "101",
            parts[1].utf8.count == 3, let status = Int(parts[1]), (100...599).contains(status)
        else {
            throw WebSocketError(.malformedHead, "the server does not speak HTTP/1.1: \(line.debugDescription)")
        }
        return (status, parts.count > 2 ? String(parts[2]) : "")
    }

    /// The rules of RFC 6455 section 4.1 for the answer; gives the subprotocol.
    private func checkAcceptance(_ head: HTTPHead) throws(WebSocketError) -> String? {
        let headers = head.headers
        guard headers.values("Upgrade").map({ $0.lowercased() }) == ["websocket"] else {
            throw .rejected("its Upgrade header is not \"websocket\"")
        }
        guard headers.hasElement("Connection", "upgrade") else {
            throw .rejected("its Connection header does not say \"Upgrade\"")
        }
        guard headers.values("Sec-WebSocket-Accept") == [request.expectedAccept] else {
            throw .rejected("its Sec-WebSocket-Accept does not match the key")
        }
        guard headers.elements("Sec-WebSocket-Extensions").isEmpty else {
            throw .rejected("it chose an extension that was not offered")
        }
        let chosen = headers.values("Sec-WebSocket-Protocol")
        guard chosen.count <= 1, chosen.allSatisfy(request.subprotocols.contains) else {
            throw .rejected("it chose a subprotocol that was not offered")
        }
        return chosen.first
    }
}

extension WebSocketError {
    fileprivate static func rejected(_ why: String) -> WebSocketError {
        WebSocketError(.handshakeRejected, "the server's 101 answer breaks the handshake: \(why)")
    }
}
