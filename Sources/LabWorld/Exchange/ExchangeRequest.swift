import ExperimentModel
import Foundation

/// What a client asks for in a text message.
enum ExchangeRequest: Hashable, Sendable {
    /// Streams to be sent from now on.
    case subscribe([String], id: Int64)
    /// Streams to be sent no more.
    case unsubscribe([String], id: Int64)
    /// The list of streams that are sent.
    case listSubscriptions(id: Int64)
    /// Anything else, with the error that answers it.
    case invalid(code: Int64, message: String, id: Int64?)

    /// Reads one message.
    init(_ text: UnsafeRawBufferPointer) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text)) else {
            self = .invalid(code: 3, message: "Invalid JSON: expected value at line 1 column 1", id: nil)
            return
        }
        guard case .object(let members) = value else {
            self = .invalid(code: 2, message: "Invalid request: request must be an object", id: nil)
            return
        }
        var id: Int64?
        if case .number(let number)? = members["id"] { id = Int64(exactly: number) }
        guard let id else {
            self = .invalid(code: 2, message: "Invalid request: request ID must be an unsigned integer", id: nil)
            return
        }
        guard case .string(let method)? = members["method"] else {
            self = .invalid(code: 2, message: "Invalid request: missing field `method`", id: id)
            return
        }
        self = Self.request(method, members["params"], id: id)
    }

    private static func request(_ method: String, _ parameters: JSONValue?, id: Int64) -> ExchangeRequest {
        var streams: [String]?
        if case .array(let items)? = parameters {
            let names = items.compactMap { if case .string(let name) = $0 { name } else { nil } }
            streams = names.count == items.count ? names : nil
        }
        switch method {
        case "SUBSCRIBE", "UNSUBSCRIBE":
            guard let streams else {
                return .invalid(code: 2, message: "Invalid request: params must be an array of streams", id: id)
            }
            return method == "SUBSCRIBE" ? .subscribe(streams, id: id) : .unsubscribe(streams, id: id)
        case "LIST_SUBSCRIPTIONS": return .listSubscriptions(id: id)
        default:
            return .invalid(
                code: 2,
                message: "Invalid request: unknown variant `\(method.prefix(40))`, "
                    + "expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`",
                id: id
            )
        }
    }
}
