/// The start line and headers of one HTTP/1.1 message.
struct HTTPHead: Sendable {
    /// The largest head taken from a peer.
    static let maximumBytes = 16 * 1024
    /// The largest number of header lines taken from a peer.
    static let maximumHeaders = 100

    let startLine: String
    let headers: [HTTPHeader]

    /// Takes a complete head apart, given without the empty line that ends it.
    init(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) {
        // The reader has made sure that each LF follows a CR.
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        guard lines.count <= Self.maximumHeaders + 1 else {
            throw WebSocketError(.malformedHead, "the HTTP head has more than \(Self.maximumHeaders) headers")
        }
        startLine = String(decoding: lines.removeFirst(), as: UTF8.self)
        var headers: [HTTPHeader] = []
        for line in lines {
            headers.append(try Self.header(String(decoding: line, as: UTF8.self)))
        }
        guard HTTPSyntax.isFieldValue(startLine) else {
            throw WebSocketError(.malformedHead, "the HTTP start line has control characters")
        }
        self.headers = headers
    }

    private static func header(_ line: String) throws(WebSocketError) -> HTTPHeader {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw WebSocketError(.malformedHead, "an HTTP header line has no colon: \(line.debugDescription)")
        }
        let header = HTTPHeader(
            String(line[..<colon]),
            HTTPSyntax.trim(String(line[line.utf8.index(after: colon)...]))
        )
        guard header.isSendable else {
            throw WebSocketError(.malformedHead, "an HTTP header line is malformed: \(line.debugDescription)")
        }
        return header
    }
}

/// Finds the end of a head in bytes that arrive piece by piece, without looking at any of them twice.
struct HTTPHeadReader: Sendable {
    private var scannedBytes = 0

    /// The head at the start of the buffer and the bytes it takes with its empty line; `nil` when it is not complete.
    ///
    /// - Parameter buffer: all bytes since the last head that was found; only grows between calls.
    mutating func next(
        _ buffer: UnsafeRawBufferPointer
    ) throws(WebSocketError) -> (head: HTTPHead, consumedBytes: Int)? {
        let visible = min(buffer.count, HTTPHead.maximumBytes)
        while scannedBytes < visible {
            let offset = scannedBytes
            scannedBytes += 1
            if buffer[offset] == UInt8(ascii: "\n") {
                guard offset > 0, buffer[offset - 1] == UInt8(ascii: "\r") else {
                    throw WebSocketError(.malformedHead, "a line of the HTTP head does not end in CR LF")
                }
                if offset >= 3, buffer[offset - 2] == UInt8(ascii: "\n") {
                    scannedBytes = 0
                    return (try HTTPHead(.init(rebasing: buffer[..<(offset - 3)])), offset + 1)
                }
            }
        }
        guard buffer.count < HTTPHead.maximumBytes else {
            throw WebSocketError(.headTooLong, "the HTTP head is over \(HTTPHead.maximumBytes) bytes")
        }
        return nil
    }
}
