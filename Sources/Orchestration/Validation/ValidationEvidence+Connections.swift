import ExperimentModel
import Foundation

/// What the agents' accounts of their connections show.
extension ValidationEvidence {
    /// The exchange took a connection.
    ///
    /// - Parameters:
    ///   - summary: of the agent that dialled.
    ///   - host: where that agent ran.
    ///   - needsData: whether data must have come, too.
    func feedConnection(_ summary: AgentSummary?, host: String, needsData: Bool) -> Finding {
        guard let summary else { return missing(failingIn: "start \(host)") }
        let all = connections(summary, "feed")
        guard let good = all.first(where: { ($0.opened ?? $0.streaming) != nil }) else {
            return (.failed, "no connection was taken: \(all.last?.reason ?? "none was opened")")
        }
        guard let first = all.first(where: { $0.streaming != nil }) else {
            let text = "\(good.endpoint ?? "the exchange") took the connection\(details(good))"
            guard needsData else { return (.passed, text) }
            return (.failed, "\(text), but brought no data: \(good.reason ?? "it went on saying nothing")")
        }
        return count(all, broughtData(first))
    }

    /// The receiver let the forwarder in.
    func relayConnection(host: String) -> Finding {
        guard let forwarder else {
            // A forwarder that was killed tells nothing; the receiver saw its connection.
            guard let seen = connections(receiver, "relay").first else { return missing(failingIn: "start \(host)") }
            return (.passed, "\(seen.endpoint ?? "it") connected\(details(seen)), as the receiver saw it")
        }
        let all = connections(forwarder, "relay")
        guard let good = all.first(where: { $0.opened != nil }) else {
            // One that ended sooner than the receiver's first word on it may have been let in all the same.
            if let seen = connections(receiver, "relay").first(where: { $0.streaming != nil }) {
                return count(all, broughtData(seen))
            }
            return (.failed, "the receiver let no connection in: \(all.last?.reason ?? "none was opened")")
        }
        return count(all, broughtData(good))
    }

    /// The forwarder reached the receiver under its private address.
    func privateAddress(host: String) -> Finding {
        let experiment = record.experiment
        let address = experiment.hosts[experiment.receiver]?.privateAddress
        guard let forwarder else {
            guard let seen = connections(receiver, "relay").first, let address else {
                return missing(failingIn: "start \(host)")
            }
            return (.passed, "\(address) was reached from \(seen.endpoint ?? "the forwarder"), as the receiver saw it")
        }
        let relays = connections(forwarder, "relay")
        // A datagram socket has its endpoint before anybody has answered.
        let isReached = { (relay: ConnectionRecord) in
            relay.details == "udp" ? relay.opened != nil : relay.endpoint != nil
        }
        guard let relay = relays.first(where: isReached) else {
            guard let last = relays.last else { return missing(failingIn: "start \(host)") }
            let wanted = last.endpoint ?? address ?? "the receiver"
            return (.failed, "\(wanted) was not reached: \(last.reason ?? "no reason given")")
        }
        let endpoint = relay.endpoint ?? "?"
        guard experiment.paths.first?.to == .privateAddress, let address else {
            return (.warning, "\(endpoint) was reached, but the path does not go \"to\": \"private\"")
        }
        return (.passed, "\(address) was reached (\(endpoint))")
    }

    /// The receiver has said on which port it listens.
    func listening() -> Finding {
        let receiver = record.experiment.receiver
        let checks = record.phases.flatMap(\.checks)
        if let check = checks.first(where: { $0.name == "listening" }) {
            return (check.outcome, "\(check.host ?? receiver) on \(check.detail)")
        }
        if let taken = checks.first(where: { $0.name == "ports" && $0.outcome == .failed }) {
            return (.failed, "\(taken.host ?? receiver): \(taken.detail)")
        }
        return missing(failingIn: "start \(receiver)")
    }

    // MARK: Words

    private func connections(_ summary: AgentSummary?, _ purpose: String) -> [ConnectionRecord] {
        (summary?.lanes ?? []).flatMap(\.connections).filter { $0.purpose == purpose }
    }

    private func broughtData(_ connection: ConnectionRecord) -> String {
        let first = connection.streaming ?? connection.began
        let milliseconds = Double(first.monotonicNs - connection.began.monotonicNs) / 1e6
        return String(
            format: "%@ brought data after %.0f ms%@",
            connection.endpoint ?? "it",
            milliseconds,
            details(connection)
        )
    }

    private func details(_ connection: ConnectionRecord) -> String { connection.details.map { ", \($0)" } ?? "" }

    /// A warning when a connection was opened again that nobody broke off on purpose.
    private func count(_ all: [ConnectionRecord], _ text: String) -> Finding {
        let provoked = all.count { $0.reason?.contains(ConnectionRecord.wasToldToReconnect) == true }
        guard all.count > provoked + 1 else { return (.passed, text) }
        return (.warning, text + "; \(all.count) connections were opened")
    }
}
