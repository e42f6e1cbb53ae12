import ExperimentModel
import WireTransport

struct FeedTarget {
    var host = "", port = 0, isSecure = false, pathAndQuery = "", text = ""; var dialTarget: Dialer.Target
    init(plan: AgentPlan) throws { fatalError() }
    func spread(_ lane: Int) -> FeedTarget { self }
    static func selection(url: String?, market: Market?, streams: [String]) throws -> (Market, [String]) {
        fatalError()
    }
}
struct RelayTarget {
    var dialTarget: Dialer.Target
    init(path: AgentPath, plan: AgentPlan) throws { fatalError() }
}
struct FeedMessage {
    enum Kind { case event, invalid(String), acknowledgement, shutdown, error(String) }
    var kind = Kind.event, eventID: Int64?, stream = 0, eventTimeNs: Int64 = 0, transactionTimeNs: Int64 = 0
    init(_ b: UnsafeRawBufferPointer, streams: [[UInt8]]) {}
}
