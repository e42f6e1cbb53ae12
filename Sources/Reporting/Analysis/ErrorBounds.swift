import ExperimentModel

/// Knows how far off each absolute figure can be: from the clocks of the hosts, and from the exchange's rounding.
struct ErrorBounds {
    private let receiver: String
    private let forwarders: [String: String]
    private let clocks: [String: ClockAnalysis]
    private let truncationNs: Double

    init(experiment: Experiment, hosts: [HostAnalysis], truncationNs: Double) {
        receiver = experiment.receiver
        forwarders = Dictionary(
            experiment.paths.compactMap { path in path.via.map { (path.name, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        clocks = Dictionary(hosts.map { ($0.name, $0.clock) }, uniquingKeysWith: { first, _ in first })
        self.truncationNs = truncationNs
    }

    /// The bound of a path's metric: the sum of the bounds of the clocks that gave its two moments.
    ///
    /// The exchange's own clock is not ours to check and not in it.
    func bound(of metric: Metric, path: String) -> ErrorBound {
        let hosts: [String?] =
            switch metric {
            case .endToEnd: [receiver]
            case .backbone: [forwarders[path], receiver]
            case .feedLeg: [forwarders[path]]
            case .residence, .forwarderHostDelay, .hostDelay: []
            }
        let involved = hosts.compactMap { $0 }
        let bounds = involved.map { clocks[$0]?.worstBoundNs }
        let known = bounds.compactMap { $0 }
        return ErrorBound(
            clockNs: known.count == bounds.count ? known.reduce(0, +) : nil,
            hosts: involved,
            truncationNs: metric == .endToEnd || metric == .feedLeg ? truncationNs : 0,
            estimateNs: estimate(of: metric, path: path),
            isVerified: involved.allSatisfy { clocks[$0]?.isVerified ?? false }
        )
    }

    /// What is to be added to a figure if chrony's estimates of the clocks' offsets are right: the receiver's clock
    /// behind true time makes a delay to it look shorter than it is, and the forwarder's behind makes it look longer.
    private func estimate(of metric: Metric, path: String) -> Double? {
        let receiverNs = clocks[receiver]?.behindNs
        let forwarderNs = forwarders[path].flatMap { clocks[$0]?.behindNs }
        switch metric {
        case .endToEnd: return receiverNs
        case .backbone: return receiverNs.flatMap { mine in forwarderNs.map { mine - $0 } }
        case .feedLeg: return forwarderNs
        case .residence, .forwarderHostDelay, .hostDelay: return 0
        }
    }
}
