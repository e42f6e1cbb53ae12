/// What the exchange sends besides events, for a simulated exchange.
public enum ControlPayload: Sendable, Equatable {
    /// The answer to a request that succeeded.
    case acknowledgement(id: Int64)
    /// The answer to LIST_SUBSCRIPTIONS.
    case subscriptions(id: Int64, streams: [String])
    /// An error as it is on the wire, nested; without an id when the request could not be read.
    case error(code: Int64, message: String, id: Int64?)
    /// An error as the exchange's documentation shows it.
    case flatError(code: Int64, message: String, id: Int64?)
    /// The server is about to close; wrapped on combined streams, under a name that nobody subscribed.
    case serverShutdown(eventTimeMs: Int64, isWrapped: Bool)

    /// Appends the JSON text.
    public func append(to output: inout [UInt8]) {
        switch self {
        case .acknowledgement(let id):
            output.append(contentsOf: #"{"result":null,"id":\#(id)}"#.utf8)
        case .subscriptions(let id, let streams):
            let names = streams.map { Self.quoted($0) }.joined(separator: ",")
            output.append(contentsOf: #"{"result":[\#(names)],"id":\#(id)}"#.utf8)
        case .error(let code, let message, let id):
            let shownID = id.map { "\($0)" } ?? "null"
            let text = #"{"error":{"code":\#(code),"msg":\#(Self.quoted(message))},"id":\#(shownID)}"#
            output.append(contentsOf: text.utf8)
        case .flatError(let code, let message, let id):
            let shownID = id.map { #","id":\#($0)"# } ?? ""
            output.append(contentsOf: #"{"code":\#(code),"msg":\#(Self.quoted(message))\#(shownID)}"#.utf8)
        case .serverShutdown(let eventTimeMs, let isWrapped):
            StreamWrapper.append(isWrapped ? "!serverShutdown" : nil, to: &output) { output in
                output.append(text: #"{"e":"serverShutdown","E":"#)
                output.append(integer: eventTimeMs)
                output.append(UInt8(ascii: "}"))
            }
        }
    }

    /// A JSON string with what must be escaped.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
