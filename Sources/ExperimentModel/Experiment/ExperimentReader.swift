#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads an experiment file: JSON5, unknown keys refused, all problems at once.
public enum ExperimentReader {
    /// Reads and checks the experiment in `data`.
    ///
    /// - Parameters:
    ///   - data: the file's bytes.
    ///   - fileName: named in messages.
    ///   - judgingHost: what is wrong with the texts of a host that only those understand who connect to it, by key.
    ///   - inventory: reads the file that `"hosts": {"inventory": …}` names, relative to the experiment file.
    /// - Returns: the experiment with every default filled in, and the supplied tree as it was.
    /// - Throws: `ExperimentError`: `malformed` for text that is no JSON5, `unreadable` for the inventory, `invalid`
    ///   with every problem.
    public static func read(
        _ data: Data,
        fileName: String,
        judgingHost: (HostSpecification) -> [(key: String, fault: String)] = { _ in [] },
        inventory: (String) throws -> Data
    ) throws -> (experiment: Experiment, supplied: JSONValue) {
        let tree = try parse(data, fileName: fileName)
        let problems = ProblemList()
        let root = ObjectReader(tree, ExperimentKeys.root, path: "", problems: problems)
        let experiment = try readExperiment(root, problems: problems, fileName: fileName, inventory: inventory)
        root.finish()
        for (name, host) in experiment.hosts.sorted(by: { $0.key < $1.key }) {
            for (key, fault) in judgingHost(host) { problems.note("hosts.\(name).\(key)", fault) }
        }
        let all = unique(problems.problems, experiment.problems())
        guard all.isEmpty else {
            let count = all.count == 1 ? "a problem" : "\(all.count) problems"
            // Where the hosts stand in a file of their own, that is the one to mend.
            let isInHosts = all.contains { $0.path.hasPrefix("hosts.") }
            let file = (isInHosts ? inventoryName(in: tree) : nil).map { "\(fileName) with its inventory \($0)" }
            throw ExperimentError(.invalid, "\(file ?? fileName) has \(count); nothing was started:", problems: all)
        }
        return (experiment, tree)
    }

    private static func inventoryName(in tree: JSONValue) -> String? {
        guard case .object(let root) = tree, case .object(let hosts)? = root["hosts"],
            case .string(let file)? = hosts["inventory"]
        else { return nil }
        return file
    }

    private static func parse(_ data: Data, fileName: String) throws -> JSONValue {
        do {
            let value = try JSONValue(json5: data)
            // Of two the parser takes one, without a word.
            guard let fault = JSON5Fault.find(in: String(decoding: data, as: UTF8.self)) else { return value }
            throw ExperimentError(.malformed, "\(fileName) cannot be used: \(fault)")
        } catch let error as ExperimentError {
            throw error
        } catch {
            throw ExperimentError(
                .malformed,
                "\(fileName) is not JSON (JSON5: comments and trailing commas are fine): "
                    + JSONFaultText.text(of: error, in: data),
                cause: error
            )
        }
    }

    /// The first problem of each place: a value that could not be read is not also an invalid one, nor is what is in it.
    private static func unique(_ read: [ExperimentProblem], _ judged: [ExperimentProblem]) -> [ExperimentProblem] {
        let unread = Set(read.map(\.path))
        func isReadable(_ path: String) -> Bool {
            !unread.contains(path) && !unread.contains("")
                && !path.indices.contains { ".[".contains(path[$0]) && unread.contains(String(path[..<$0])) }
        }
        var seen: Set<String> = []
        return (read + judged.filter { isReadable($0.path) }).filter { seen.insert($0.path).inserted }
    }

    private static func readExperiment(
        _ root: ObjectReader,
        problems: ProblemList,
        fileName: String,
        inventory: (String) throws -> Data
    ) throws -> Experiment {
        _ = root.string("$schema")
        let name = root.string("name")
        root.missing("name", "a short name for the run directories")
        let feed = root.object("feed") { readFeed($0) }
        root.missing("feed", "the market and the streams to time")
        let lab = root.object("lab") { readLab($0) }
        let hosts = try readHosts(root, problems: problems, hasLab: lab != nil, inventory: inventory)
        let receiver = root.string("receiver")
        root.missing("receiver", "the name of the host where the paths end")
        let paths = readPaths(root, problems: problems)
        root.missing("paths", "at least one path")
        return Experiment(
            name: name ?? "?",
            feed: feed ?? FeedSpecification(streams: ["?"]),
            hosts: hosts,
            receiver: receiver ?? "",
            paths: paths,
            schedule: root.object("schedule") { readSchedule($0) } ?? Schedule(),
            clock: root.object("clock") { readClock($0) } ?? ClockRequirement(),
            reconnect: root.object("reconnect") { readReconnect($0) } ?? ReconnectPolicy(),
            relayBuffer: root.object("relayBuffer") {
                RelayBuffer(events: $0.integer("events") ?? RelayBuffer().events)
            }
                ?? RelayBuffer(),
            relay: root.object("relay") {
                let standard = RelayTransport()
                let congestionControl = $0.string("congestionControl") ?? standard.congestionControl
                return RelayTransport(
                    primedOctets: $0.integer("primedOctets") ?? standard.primedOctets,
                    congestionControl: congestionControl == RelayTransport.hostsOwn ? nil : congestionControl
                )
            },
            lab: lab
        )
    }

    private static func readHosts(
        _ root: ObjectReader,
        problems: ProblemList,
        hasLab: Bool,
        inventory: (String) throws -> Data
    ) throws -> [String: HostSpecification] {
        guard let value = root.value("hosts") else {
            if !hasLab { problems.note("hosts", "is missing: the machines, or {\"inventory\": \"hosts.json\"}") }
            return [:]
        }
        if hasLab { problems.note("hosts", "cannot stand beside \"lab\", which brings its own hosts") }
        var entries = value
        if case .object(let object) = value, case .string(let file)? = object["inventory"] {
            if object.count > 1 { problems.note("hosts", "has an inventory and other keys; use one or the other") }
            entries = try parse(try inventory(file), fileName: file)
        }
        guard case .object(let objects) = entries else {
            problems.note("hosts", "expected an object of hosts by name, found \(entries.kindName)")
            return [:]
        }
        var hosts: [String: HostSpecification] = [:]
        for (name, entry) in objects.sorted(by: { $0.key < $1.key }) where name != "$schema" {
            let reader = ObjectReader(entry, ExperimentKeys.host, path: "hosts.\(name)", problems: problems)
            hosts[name] = readHost(reader)
            reader.finish()
        }
        return hosts
    }

    /// Reads one host; also used for the inventory that a laboratory writes.
    static func readHost(_ reader: ObjectReader) -> HostSpecification {
        HostSpecification(
            ssh: reader.string("ssh"),
            local: reader.bool("local"),
            identityFile: reader.string("identityFile"),
            knownHosts: reader.string("knownHosts"),
            hostKey: reader.string("hostKey"),
            privateAddress: reader.string("privateAddress"),
            publicAddress: reader.string("publicAddress"),
            acceleratorAddress: reader.string("acceleratorAddress"),
            region: reader.string("region"),
            chronyc: reader.strings("chronyc"),
            connectTo: reader.stringMap("connectTo"),
            niceness: reader.integer("niceness"),
            simulated: reader.bool("simulated")
        )
    }

    private static func readFeed(_ reader: ObjectReader) -> FeedSpecification {
        let market = reader.choice("market", Market.self)
        let streams = reader.strings("streams")
        reader.missing("streams", "for example [\"btcusdt@bookTicker\"]")
        return FeedSpecification(
            market: market ?? .usdm,
            streams: streams ?? ["?"],
            url: reader.string("url"),
            caFile: reader.string("caFile")
        )
    }

    private static func readPaths(_ root: ObjectReader, problems: ProblemList) -> [PathSpecification] {
        guard let value = root.value("paths") else { return [] }
        guard case .array(let entries) = value else {
            problems.note("paths", "expected a list, found \(value.kindName)")
            return []
        }
        return entries.enumerated().map { index, entry in
            let reader = ObjectReader(entry, ExperimentKeys.path, path: "paths[\(index)]", problems: problems)
            defer { reader.finish() }
            reader.missing("name", "a short name for the path")
            reader.missing("kind", "\"direct\" or \"relay\"")
            let hasVia = reader.value("via") != nil
            return PathSpecification(
                name: reader.string("name") ?? "?",
                kind: reader.choice("kind", PathSpecification.Kind.self) ?? (hasVia ? .relay : .direct),
                via: reader.string("via"),
                to: reader.string("to").map { PathSpecification.Destination($0) },
                port: reader.integer("port"),
                transport: reader.choice("transport", PathTransport.self)
            )
        }
    }

    private static func readSchedule(_ reader: ObjectReader) -> Schedule {
        let standard = Schedule()
        return Schedule(
            mode: reader.choice("mode", Schedule.Mode.self) ?? standard.mode,
            duration: reader.timeSpan("duration") ?? standard.duration,
            warmUp: reader.timeSpan("warmUp") ?? standard.warmUp,
            lanesPerPath: reader.integer("lanesPerPath") ?? standard.lanesPerPath,
            blockDuration: reader.timeSpan("blockDuration"),
            seed: reader.seed("seed"),
            repetitions: reader.integer("repeat"),
            every: reader.timeSpan("every")
        )
    }

    private static func readClock(_ reader: ObjectReader) -> ClockRequirement {
        let standard = ClockRequirement()
        return ClockRequirement(
            maxError: reader.timeSpan("maxError") ?? standard.maxError,
            wait: reader.timeSpan("wait") ?? standard.wait
        )
    }

    private static func readReconnect(_ reader: ObjectReader) -> ReconnectPolicy {
        let standard = ReconnectPolicy()
        return ReconnectPolicy(
            initial: reader.timeSpan("initial") ?? standard.initial,
            max: reader.timeSpan("max") ?? standard.max
        )
    }

    private static func readLab(_ reader: ObjectReader) -> LabSpecification {
        let standard = LabSpecification()
        func link(_ reader: ObjectReader, _ standard: LabSpecification.Link) -> LabSpecification.Link {
            LabSpecification.Link(
                delay: reader.timeSpan("delay") ?? standard.delay,
                jitter: reader.timeSpan("jitter") ?? standard.jitter
            )
        }
        return LabSpecification(
            seed: reader.seed("seed") ?? standard.seed,
            rate: reader.number("rate") ?? standard.rate,
            direct: reader.object("direct") { link($0, standard.direct) } ?? standard.direct,
            tokyo: reader.object("tokyo") { link($0, standard.tokyo) } ?? standard.tokyo,
            backbone: reader.object("backbone") { link($0, standard.backbone) } ?? standard.backbone,
            clockFault: reader.choice("clockFault", LabSpecification.ClockFault.self) ?? standard.clockFault
        )
    }
}
