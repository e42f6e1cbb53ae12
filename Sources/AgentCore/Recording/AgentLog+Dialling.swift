import WireTransport

extension AgentLog {
    /// Writes what happened while a connection was dialled: `dial.addresses`, `dial.try`, `dial.failed`, `dial.slower`,
    /// `dial.open`.
    ///
    /// That there is no connection is left to whoever wanted it, who says it with all reasons.
    func write(_ report: DialReport) {
        var fields = ["lane": report.label, "host": report.host]
        switch report.event {
        case .resolved(let addresses):
            fields["addresses"] = addresses.map(\.description).joined(separator: " ")
            write(.info, "dial.addresses", fields)
        case .trying(let address):
            fields["address"] = address.description
            write(.info, "dial.try", fields)
        case .failed(let address, let error):
            fields["address"] = address.description
            fields["code"] = error.code.rawValue
            fields["reason"] = error.message
            write(.warning, "dial.failed", fields)
        case .slower(let address):
            fields["address"] = address.description
            fields["reason"] = "another address was quicker"
            write(.info, "dial.slower", fields)
        case .open(let address, let elapsedNs, let tls):
            fields["address"] = address.description
            fields["milliseconds"] = "\(elapsedNs / 1_000_000)"
            fields["tls"] = tls
            write(.info, "dial.open", fields)
        case .gaveUp: break
        }
    }
}
