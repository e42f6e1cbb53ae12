import ExperimentModel

/// What an agent does on its host: one of the two roles, as its runner drives it.
protocol AgentRole: AnyObject {
    /// How far it is.
    var state: AgentStatus.State { get }
    /// Why it is there, when there is something to say.
    var message: String? { get }
    /// The measured window, once known.
    var window: MeasuredWindow? { get }
    /// Whether everything is done and the files may be written.
    var isOver: Bool { get }
    /// Opens the connections.
    func start() throws
    /// The laptop says that the window may begin.
    func go()
    /// Ends in good order: goodbyes, then over.
    func finish(_ reason: String)
    /// Breaks a forwarder's relay connections off once, for a validation that wants to see what becomes of the events
    /// then.
    func breakRelays(_ reason: String)
    /// Called ten times a second.
    func tick()
    /// Each lane's state, with figures of the last second.
    func laneStatuses() -> [LaneStatus]
    /// Each lane's account.
    func laneSummaries() -> [LaneSummary]
    /// Called each second, after the status has been taken.
    func everySecond()
    /// The live difference between the first direct and the first relayed path.
    var difference: LiveDifference? { get }
    /// Connections that were not let in.
    var strangers: [String: Int] { get }
    /// The samples taken.
    var recorder: SampleRecorder? { get }
    /// The ports that are listened on, by path.
    var ports: [String: Int] { get }
    /// Where receive times came from.
    var receiveTimes: ReceiveTimeCount { get }
    /// The sockets to read TCP's state from: lane name, purpose, socket state line.
    func tcpStates() -> [TCPStateRecord]
}
