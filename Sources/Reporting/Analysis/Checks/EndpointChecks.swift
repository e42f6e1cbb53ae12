import ExperimentModel

/// What the addresses at the other ends of connections give away.
enum EndpointChecks {
    /// One connection's other end.
    struct Endpoint: Hashable, Sendable {
        var path: String
        var kind: PathSpecification.Kind
        /// The host that dialled.
        var host: String
        var purpose: String
        var lane: Int
        var address: String
        var origin: AddressOrigin
    }

    /// All of a path's lanes on one address of the exchange: then lanes do not show how servers differ.
    static func oneServer(_ path: String, _ endpoints: [Endpoint]) -> AnalysisWarning? {
        let feed = endpoints.filter { $0.path == path && $0.purpose == "feed" }
        let lanes = Set(feed.map(\.lane))
        let addresses = Set(feed.map(\.address))
        guard lanes.count > 1, addresses.count == 1, let address = addresses.first else { return nil }
        let text =
            "\(path): all \(lanes.count) lanes went to one address of the exchange, \(address): their spread says nothing about "
            + "its other servers; give lanes others with connectTo, or repeat the run and compare"
        return AnalysisWarning(.lanesOnOneServer, text)
    }

    /// A relay that was to use the private address, and went to one that everyone can reach.
    static func notOverPeering(_ path: PathSpecification, _ endpoints: [Endpoint]) -> AnalysisWarning? {
        guard path.kind == .relay, path.to == .privateAddress else { return nil }
        let relay = endpoints.filter { $0.path == path.name && $0.purpose == "relay" && $0.host == path.via }
        let wrong = relay.first {
            ![AddressOrigin.privateNetwork].contains($0.origin) && NetworkAddress($0.address) != nil
        }
        guard let wrong else { return nil }
        let text =
            "\(path.name): \(wrong.host) dialled \(wrong.address), which is a public address: the relay did not go over the private "
            + "peering; put the receiver's own address into privateAddress of the inventory and run again"
        return AnalysisWarning(.notOverPeering, text, makesVerdictUnusable: false)
    }

    /// A direct path that goes the relay's way: to a private address, to the forwarder itself, or inside one cloud's
    /// network.
    ///
    /// - Parameters:
    ///   - forwarderAddresses: by which forwarders are known, by their hosts' names.
    ///   - receiver: its name.
    ///   - isReceiverInCloud: whether the receiver said that it is an EC2 instance.
    static func sharedNetwork(
        _ path: String,
        _ endpoints: [Endpoint],
        forwarderAddresses: [String: Set<String>],
        receiver: String,
        isReceiverInCloud: Bool
    ) -> AnalysisWarning? {
        let feed = endpoints.filter { $0.path == path && $0.kind == .direct && $0.purpose == "feed" }
        for endpoint in feed {
            if let forwarder = forwarderAddresses.first(where: { $0.value.contains(endpoint.address) }) {
                return AnalysisWarning(
                    .sharedNetwork,
                    "\(path) does not go to the exchange but to \(forwarder.key) (\(endpoint.address)): both paths share their way; "
                        + "look at connectTo and at the feed's URL, and run again"
                )
            }
            switch endpoint.origin {
            case .privateNetwork:
                return AnalysisWarning(
                    .sharedNetwork,
                    "\(path) reached the exchange at \(endpoint.address), a private address: by a peering, a proxy or a tunnel, and "
                        + "perhaps by the relay's way; look at what \(receiver) resolves the exchange's name to, and at its routes"
                )
            case .amazon(let region, let service) where isReceiverInCloud:
                return AnalysisWarning(
                    .sharedNetwork,
                    "\(path): the exchange's address \(endpoint.address) is AWS's (\(region), \(service)) and \(receiver) is in AWS: "
                        + "such traffic stays on AWS's own network, as the relay's does; for the public internet receive outside of AWS"
                )
            default: continue
            }
        }
        return nil
    }

    /// What is known of the networks that a direct path took: never enough to call it the public internet.
    static func route(_ path: String, _ endpoints: [Endpoint], listMade: String?) -> AnalysisWarning? {
        let feed = endpoints.filter { $0.path == path && $0.kind == .direct && $0.purpose == "feed" }
        let start = "nothing shows which networks \(path) took, so it is not called the public internet; "
        guard let listMade else {
            return AnalysisWarning(
                .routeNotShown,
                start + "whether its endpoints are AWS's is unknown (`latexp report RUN --ip-ranges fetch` looks)"
            )
        }
        var origins: [String] = []
        for endpoint in feed {
            let text = "\(endpoint.address) is \(endpoint.origin.text)"
            if !origins.contains(text) { origins.append(text) }
        }
        let more = origins.count > 3 ? " and \(origins.count - 3) more" : ""
        let known = origins.isEmpty ? "it reached no address" : origins.prefix(3).joined(separator: ", ") + more
        return AnalysisWarning(
            .routeNotShown,
            start + "by AWS's list of \(listMade), \(known); a traceroute would show more"
        )
    }
}

extension EndpointChecks {
    /// Where a run's connections went.
    static func endpoints(of data: RunData) -> [Endpoint] {
        let receiver = data.record.experiment.receiver
        let sides = data.blocks.flatMap { block in
            (block.receiver.map { [(receiver, $0)] } ?? [])
                + block.forwarders.sorted { $0.key < $1.key }.map { ($0, $1) }
        }
        var endpoints: [Endpoint] = []
        for (host, summary) in sides {
            for lane in summary.lanes {
                let kind = data.record.experiment.paths.first { $0.name == lane.path }?.kind ?? .direct
                for connection in lane.connections where connection.streaming != nil {
                    guard let remote = connection.endpoint else { continue }
                    let endpoint = Endpoint(
                        path: lane.path,
                        kind: kind,
                        host: host,
                        purpose: connection.purpose,
                        lane: lane.lane,
                        address: withoutPort(remote),
                        origin: AddressOrigin(NetworkAddress(remote), in: data.addressRanges)
                    )
                    if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
                }
            }
        }
        return endpoints
    }

    /// `192.0.2.1` of `192.0.2.1:443`, and `2001:db8::1` of `[2001:db8::1]:443`.
    static func withoutPort(_ endpoint: String) -> String {
        guard let colon = endpoint.lastIndex(of: ":") else { return endpoint }
        let host = endpoint[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
        return host.contains(":") ? endpoint : String(host)
    }

    /// The addresses by which a run's forwarders are known.
    static func forwarderAddresses(_ experiment: Experiment) -> [String: Set<String>] {
        let names = Set(experiment.paths.compactMap(\.via))
        return experiment.hosts.filter { names.contains($0.key) }.mapValues { host in
            Set([host.privateAddress, host.publicAddress].compactMap { $0 })
        }
    }
}
