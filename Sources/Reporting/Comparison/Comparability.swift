import ExperimentModel

/// Finds every reason why runs cannot be compared.
enum Comparability {
    /// How much longer one side may have been measured than the other.
    private static let mostDurationRatio = 2.0

    static func problems(_ a: [RunData], _ b: [RunData]) -> [String] {
        guard !a.isEmpty, !b.isEmpty else { return ["a side has no run"] }
        var problems: [String] = []
        func same(_ what: String, _ value: (RunData) -> String) {
            let inA = distinct(a.map(value))
            let inB = distinct(b.map(value))
            guard inA != inB || inA.count > 1 else { return }
            problems.append("\(what): \(inA.joined(separator: ", ")) in A, \(inB.joined(separator: ", ")) in B")
        }
        same("market differs") { $0.record.experiment.feed.market.rawValue }
        same("streams differ") { $0.record.experiment.feed.streams.sorted().joined(separator: "+") }
        same("receiver differs") { run in
            let name = run.record.experiment.receiver
            let facts = run.record.hosts[name]?.facts
            return ([name] + [facts?.region, facts?.instanceType].compactMap { $0 }).joined(separator: " ")
        }
        same("agent version differs") { $0.agentVersion ?? "unknown" }
        same("one is simulated and one is not") {
            $0.record.experiment.isSimulated || $0.truth != nil ? "simulated" : "real"
        }
        let both = Set(a.map(\.record.id)).intersection(b.map(\.record.id)).sorted()
        if !both.isEmpty { problems.append("on both sides: \(both.joined(separator: ", "))") }
        problems += (a.map { ("A", $0) } + b.map { ("B", $0) }).flatMap { clockProblems($0.0, $0.1) }
        problems += durationProblems(a, b)
        return problems
    }

    private static func distinct(_ values: [String]) -> [String] {
        Set(values).sorted()
    }

    private static func clockProblems(_ side: String, _ run: RunData) -> [String] {
        let hosts = HostAnalyzer.analyze(run)
        let contradictions = ProbeAnalyzer(data: run, hosts: hosts).analyze().compactMap { probes in
            probes.contradiction.map { "clocks contradicted in \(side) (\(run.record.id)): \(probes.path): \($0)" }
        }
        return contradictions
            + hosts.flatMap { host -> [String] in
                let problem = host.clock.problem.map {
                    "clock of \(host.name) not verified in \(side) (\(run.record.id)): \($0)"
                }
                let step = host.clock.jumpBeyondBoundNs.map {
                    "wall clock of \(host.name) jumped by \(Format.time(Double($0))) in \(side) (\(run.record.id))"
                }
                return [problem, step].compactMap { $0 }
            }
    }

    private static func durationProblems(_ a: [RunData], _ b: [RunData]) -> [String] {
        let first = seconds(a)
        let second = seconds(b)
        guard first > 0, second > 0 else { return ["nothing was measured in \(first > 0 ? "B" : "A")"] }
        guard max(first, second) > mostDurationRatio * min(first, second) else { return [] }
        return ["durations differ widely: \(Format.seconds(first)) a run in A, \(Format.seconds(second)) in B"]
    }

    /// The mean measured time of a run.
    private static func seconds(_ runs: [RunData]) -> Double {
        let windows = runs.flatMap(\.blocks).compactMap(\.window)
        return windows.reduce(0) { $0 + Double($1.end.monotonicNs - $1.start.monotonicNs) / 1e9 } / Double(runs.count)
    }
}
