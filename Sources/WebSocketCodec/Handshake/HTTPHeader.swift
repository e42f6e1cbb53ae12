/// One header line of an HTTP message.
public struct HTTPHeader: Sendable, Equatable {
    /// Its name as written; compared without regard to case.
    public let name: String
    /// Its value without the blanks around it.
    public let value: String

    /// Makes a header line.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether the line can be sent: the name a token, the value free of control characters (RFC 9110 section 5).
    var isSendable: Bool {
        HTTPSyntax.isToken(name) && HTTPSyntax.isFieldValue(value)
    }
}

extension [HTTPHeader] {
    /// The value of the first header with this name, in whatever case; `nil` when there is none.
    public func first(_ name: String) -> String? {
        values(name).first
    }

    /// All values given under this name, in order.
    func values(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return filter { $0.name.lowercased() == wanted }.map(\.value)
    }

    /// The elements of a comma-separated header, over all its lines.
    func elements(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }.map { HTTPSyntax.trim(String($0)) }.filter { !$0.isEmpty }
    }

    /// Whether a comma-separated header has this element, in whatever case.
    func hasElement(_ name: String, _ element: String) -> Bool {
        elements(name).contains { $0.lowercased() == element.lowercased() }
    }
}

/// The character rules of HTTP (RFC 9110 section 5.6, RFC 9112 section 3).
enum HTTPSyntax {
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
    }

    static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }

    /// A request target: visible ASCII that begins with a slash, without a fragment.
    static func isOriginForm(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }

    static func trim(_ text: String) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let start = text.utf8.drop(while: isBlank)
        let end = start.reversed().drop(while: isBlank)
        return String(decoding: Array(end.reversed()), as: UTF8.self)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
