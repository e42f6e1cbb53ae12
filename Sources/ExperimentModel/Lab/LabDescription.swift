/// What a simulated world consists of, the file `lab.json` that it writes when everything is up.
public struct LabDescription: Codable, Hashable, Sendable {
    /// The hosts by name.
    public var hosts: [String: HostSpecification]
    /// Where the exchange is.
    public var feedURL: String
    /// The certificates to trust, on the laptop.
    public var caFile: String
    /// The port that the receiver shall listen on, since the backbone ends there.
    public var receiverPort: Int
    /// Where the truth will be written.
    public var truthFile: String

    /// A description.
    public init(
        hosts: [String: HostSpecification],
        feedURL: String,
        caFile: String,
        receiverPort: Int,
        truthFile: String
    ) {
        self.hosts = hosts
        self.feedURL = feedURL
        self.caFile = caFile
        self.receiverPort = receiverPort
        self.truthFile = truthFile
    }
}
