import ExperimentModel

/// Reads what the script `HostScripts.facts` printed.
enum HostFactsReader {
    /// The facts, and the tools that are missing on the host; nil when the text says not even the architecture.
    static func read(_ text: String) -> (facts: HostFacts, missingTools: [String])? {
        var values: [String: String] = [:]
        var missing: [String] = []
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = String(line[line.index(after: equals)...].prefix(200)).filter { !$0.isControl }
            guard !value.isEmpty else { continue }
            if line[..<equals] == "missing" { missing.append(value) } else { values[String(line[..<equals])] = value }
        }
        guard let kernel = values["kernel"], let architecture = values["architecture"] else { return nil }
        var facts = HostFacts(kernel: kernel, architecture: architecture, cpus: Int(values["cpus"] ?? "") ?? 0)
        facts.system = values["system"]
        facts.libc = values["libc"]
        facts.freeMemoryBytes = values["memory"].flatMap { Int64($0) }
        facts.freeDiskBytes = values["disk"].flatMap { Int64($0) }
        facts.chronyVersion = values["chrony"].map(chronyVersion)
        facts.instanceType = values["instance"]
        facts.region = values["region"]
        facts.zone = values["zone"]
        return (facts, missing)
    }

    /// The login directory, when the script `HostScripts.facts` says that it cannot be written; nil when it can.
    static func unwritableHome(_ text: String) -> String? {
        place("unwritable", in: text)
    }

    /// The mount point on which no program may be run although the agent lives there; nil when none is known to be.
    static func unrunnableHome(_ text: String) -> String? {
        place("noexec", in: text)
    }

    /// The place that the script names for a reason; nil when it does not.
    private static func place(_ reason: String, in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(reason + "=") }
        return line.map { String($0.dropFirst(reason.count + 1).prefix(200)).filter { !$0.isControl } }
    }

    /// What stands in the way of listening on `ports`, such as `tcp:8080`, from the output of `HostScripts.takenPorts`;
    /// nil when nothing does.
    static func takenPort(_ text: String, of ports: [String]) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let port = words.first.map(String.init), ports.contains(port) else { continue }
            let run = words.dropFirst().first.map { String($0.filter { !$0.isControl }.prefix(100)) }
            let holder = run.map { "the run \($0) of latexp listens there" } ?? "something listens there"
            return "\(describePort(port)) is taken: \(holder). Wait for it, or give the path another port"
        }
        return nil
    }

    /// `TCP port 8080` of `tcp:8080`.
    private static func describePort(_ port: String) -> String {
        let parts = port.split(separator: ":")
        return "\(parts.first?.uppercased() ?? "") port \(parts.last ?? "")"
    }

    /// `4.3` of `chronyc (chrony) version 4.3 (+READLINE …)`.
    private static func chronyVersion(_ text: String) -> String {
        let words = text.split(separator: " ")
        guard let index = words.firstIndex(of: "version"), index + 1 < words.endIndex else { return text }
        return String(words[index + 1])
    }
}

extension Character {
    /// Whether the character could steer a terminal.
    var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
