import ExperimentModel
import Foundation
import RemoteHosts

/// Asks a host's chronyd how good the host's clock is.
enum ClockAsker {
    /// A reading; `isFinal` when asking again cannot help.
    static func ask(_ handle: RunSession.Handle) async throws -> (reading: ClockReading, isFinal: Bool) {
        let command = RemoteCommand(
            HostScripts.clock,
            arguments: handle.specification.chronyc ?? [],
            timeout: .seconds(20),
            isIdempotent: true
        )
        let result = try await handle.host.run(command)
        return read(result)
    }

    /// Reads the script's output: the moment, then chronyc's own words.
    static func read(_ result: CommandResult) -> (reading: ClockReading, isFinal: Bool) {
        let lines = result.output.split(separator: "\n", maxSplits: 1)
        let moment = (lines.first ?? "").split(separator: " ")
        let wallNs = moment.first.flatMap { Int64($0) } ?? 0
        let bootSeconds = moment.dropFirst().first.flatMap { Double($0) } ?? 0
        // Seconds since boot stand for the monotonic clock: good to 10 ms, and nothing is computed from it.
        let at = Timestamp(wallNs: wallNs, monotonicNs: Int64(bootSeconds * 1e9))
        let said = lines.dropFirst().first.map(String.init) ?? ""
        if result.exitCode == 127 {
            return (
                ClockReading(
                    at: at,
                    tracking: nil,
                    failure: "chronyc is not installed, so the clock cannot be judged; install chrony there "
                        + "(`sudo apt-get install chrony`, `sudo dnf install chrony`)"
                ),
                true
            )
        }
        if result.exitCode == 0, let tracking = try? ChronyTracking(csv: said) {
            let phcErrorNs = moment.dropFirst(2).first.flatMap { Int64($0) }
            return (ClockReading(at: at, tracking: tracking, phcErrorNs: phcErrorNs), false)
        }
        let words = (said + " " + result.errorOutput).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let text = String(words.filter { !$0.isControl }.prefix(300))
        return (
            ClockReading(
                at: at,
                tracking: nil,
                failure: "chronyd does not answer (chronyc: \(text.isEmpty ? "status \(result.exitCode)" : text)); "
                    + "start it (`sudo systemctl enable --now chronyd` or `chrony`)"
            ),
            false
        )
    }

    /// What time sources the host has, as lines of a message; empty when that cannot be had.
    static func sources(_ handle: RunSession.Handle) async -> String {
        let command = RemoteCommand(
            HostScripts.sources,
            arguments: handle.specification.chronyc ?? [],
            timeout: .seconds(15),
            isIdempotent: true
        )
        guard let result = try? await handle.host.run(command), result.exitCode == 0 else { return "" }
        let lines = result.output.split(separator: "\n").prefix(20).map { "\n  | \($0.filter { !$0.isControl })" }
        return lines.joined()
    }

    /// A good reading in words.
    static func describe(_ reading: ClockReading) -> String {
        guard let tracking = reading.tracking else { return reading.failure ?? "no answer" }
        return String(
            format: "within %.3f ms (offset %+.3f ms, stratum %d, source %@)",
            (reading.boundSeconds ?? tracking.boundSeconds) * 1e3,
            -tracking.systemOffsetSeconds * 1e3,
            tracking.stratum,
            tracking.referenceName.isEmpty ? tracking.referenceID : tracking.referenceName
        )
    }
}
