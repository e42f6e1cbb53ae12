import ExperimentModel

/// The hosts of the network lab and the links between them: who has which address on which way.
struct NetworkPlan: Sendable {
    /// A host of the lab.
    enum Host: String, Sendable, CaseIterable {
        case exchange, tokyo, frankfurt, laptop

        /// The ports of its outgoing connections: the exchange tells its clients apart by port.
        var portRange: ClosedRange<Int> {
            switch self {
            case .exchange: 50_000...59_999
            case .tokyo: 20_000...29_999
            case .frankfurt: 30_000...39_999
            case .laptop: 40_000...49_999
            }
        }
    }

    /// A link between two hosts; market data goes from the near one to the far one.
    struct Way: Sendable {
        var name: String
        var near: (host: Host, address: String)
        var far: (host: Host, address: String)
        var settings: PacketLinkSettings
        /// What the truth of its deliveries is recorded as.
        var truth: LinkName?
    }

    /// The port that the receiver listens on.
    static let receiverPort = 8_080

    /// The links, in the order in which they are listed.
    let ways: [Way]

    init(_ lab: LabSpecification) {
        let near = LabSpecification.Link(delay: TimeSpan(ns: 200_000), jitter: TimeSpan(ns: 10_000))
        func laptop(_ milliseconds: Int64) -> PacketLinkSettings {
            PacketLinkSettings(delay: .milliseconds(milliseconds), jitter: TimeSpan(ns: 100_000))
        }
        ways = [
            Way(
                name: "direct",
                near: (.exchange, "10.9.1.1"),
                far: (.frankfurt, "10.9.1.2"),
                settings: PacketLinkSettings(lab.direct),
                truth: .direct
            ),
            Way(
                name: "tokyo",
                near: (.exchange, "10.9.0.1"),
                far: (.tokyo, "10.9.0.2"),
                settings: PacketLinkSettings(lab.tokyo),
                truth: .tokyo
            ),
            Way(
                name: "backbone",
                near: (.tokyo, "10.0.1.10"),
                far: (.frankfurt, "10.1.1.10"),
                settings: PacketLinkSettings(lab.backbone),
                truth: .backbone
            ),
            Way(
                name: "laptop-tokyo",
                near: (.laptop, "10.9.3.1"),
                far: (.tokyo, "10.9.3.2"),
                settings: laptop(60)
            ),
            Way(
                name: "laptop-frankfurt",
                near: (.laptop, "10.9.4.1"),
                far: (.frankfurt, "10.9.4.2"),
                settings: laptop(10)
            ),
            Way(
                name: "time-tokyo",
                near: (.exchange, "10.9.5.1"),
                far: (.tokyo, "10.9.5.2"),
                settings: PacketLinkSettings(near)
            ),
            Way(
                name: "time-frankfurt",
                near: (.exchange, "10.9.6.1"),
                far: (.frankfurt, "10.9.6.2"),
                settings: PacketLinkSettings(near)
            ),
        ]
    }

    /// A host's address on a link.
    func address(of host: Host, on name: String) -> String? {
        guard let way = ways.first(where: { $0.name == name }) else { return nil }
        return way.near.host == host ? way.near.address : way.far.address
    }
}
