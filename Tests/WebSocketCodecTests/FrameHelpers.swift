import WebSocketCodec

/// A decoded frame whose payload was copied out, so that it can be kept and compared.
struct Event: Equatable, CustomStringConvertible {
    let kind: DecodedFrame.Kind
    let payload: [UInt8]
    var closeCode: UInt16 = 0

    static func text(_ text: String) -> Event { Event(kind: .text, payload: Array(text.utf8)) }
    static func close(_ code: UInt16, _ reason: String) -> Event {
        Event(kind: .close, payload: Array(reason.utf8), closeCode: code)
    }

    var description: String { "\(kind) \(closeCode) \(payload.count) bytes \(payload.prefix(24))" }
}

/// A receive buffer as a connection has one: bytes arrive in pieces, frames come out.
struct Receiver: ~Copyable {
    var decoder: FrameDecoder
    private var pending: [UInt8] = []
    private(set) var events: [Event] = []

    init(_ role: Role, limit: Int = 1 << 20, validatesUTF8: Bool = false) {
        decoder = FrameDecoder(role: role, maximumMessageBytes: limit, validatesUTF8: validatesUTF8)
    }

    /// How many bytes wait for the rest of their frame.
    var pendingBytes: Int { pending.count }

    mutating func feed(_ bytes: some Sequence<UInt8>) throws(WebSocketError) {
        pending.append(contentsOf: bytes)
        var consumed = 0
        defer { pending.removeFirst(consumed) }
        while true {
            var failure: WebSocketError?
            var frameBytes: Int?
            pending.withUnsafeMutableBytes { buffer in
                do throws(WebSocketError) {
                    let unread = UnsafeMutableRawBufferPointer(rebasing: buffer[consumed...])
                    guard let frame = try decoder.next(unread) else { return }
                    frameBytes = frame.consumedBytes
                    guard frame.kind != .fragment else { return }
                    events.append(
                        Event(kind: frame.kind, payload: Array(frame.payload), closeCode: frame.closeCode)
                    )
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            guard let frameBytes else { return }
            consumed += frameBytes
        }
    }
}

/// What comes out when the bytes arrive in these pieces.
func decode(
    _ pieces: [[UInt8]],
    role: Role = .client,
    limit: Int = 1 << 20,
    validatesUTF8: Bool = false
) throws(WebSocketError) -> [Event] {
    var receiver = Receiver(role, limit: limit, validatesUTF8: validatesUTF8)
    for piece in pieces {
        try receiver.feed(piece)
    }
    return receiver.events
}

/// A generator that always gives one mask key.
struct FixedMaskKey: RandomNumberGenerator {
    let bytes: [UInt8]

    mutating func next() -> UInt64 {
        UInt64(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
    }
}

extension FrameEncoder {
    /// Appends a text message in one frame.
    mutating func appendText(_ text: String, to output: inout [UInt8]) {
        append(.text, Array(text.utf8), to: &output)
    }
}
