/// What a paced feed sends.
public struct PacedFeedSettings: Sendable {
    /// The address to listen on, numeric.
    public var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    public var port = 0
    /// PEM files of a certificate chain and its key; nil for plain `ws`.
    public var certificate: (chainFile: String, keyFile: String)?
    /// Messages a second, 1 to 2,000,000.
    public var rate = 1_000
    /// How many are due at the same moment.
    public var burst = 1
    /// Whether what is due at the same moment goes out in one send.
    public var isPacked = false
    /// How long it sends.
    public var seconds = 10
    /// How many clients must be there before it begins.
    public var clients = 1
    /// How long it waits for them.
    public var patienceSeconds = 60
    /// `u` of the first message; the others follow without a gap.
    public var firstID: Int64 = 11_671_659_685_961
    /// The symbol in small letters, as in a stream's name.
    public var symbol = "btcusdt"
    /// Where the moment of each message's sending is written, as CSV (`u,sent_wall_ns`); nil for nowhere.
    public var recordFile: String?

    /// Settings with the usual values.
    public init() {}

    /// How many messages there will be.
    var count: Int { rate * seconds }

    /// Finds values that make no sense.
    ///
    /// - Throws: `LabError` `specification` that names the first one.
    func validate() throws {
        try check("rate", rate, 1...2_000_000)
        try check("burst", burst, 1...100_000)
        try check("seconds", seconds, 1...86_400)
        try check("clients", clients, 1...PacedFeed.clientLimit)
        try check("wait", patienceSeconds, 1...86_400)
        guard firstID > 0, String(firstID).count == String(firstID + Int64(count)).count else {
            throw LabError(
                .specification,
                "the first id must be positive, and all ids of a feed have equally many digits"
            )
        }
        guard recordFile == nil || count <= SendTimes.limit else {
            throw LabError(.specification, "\(count) messages are more than a record can hold (\(SendTimes.limit))")
        }
        _ = try FeedStream("\(symbol)@bookTicker")
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw LabError(
                .specification,
                "\(name) must be \(range.lowerBound) to \(range.upperBound), not \(value)"
            )
        }
    }
}
