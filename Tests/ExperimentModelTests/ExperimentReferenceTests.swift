import ExperimentModel
import Foundation
import TestSupport
import Testing

/// What the reference and the JSON Schema say of each key is what the reader does, for every key.
@Suite("The reference of the experiment file")
struct ExperimentReferenceTests {
    private static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let schemaFile = top.appending(path: "experiments/experiment.schema.json")

    private let schema: SchemaChecker

    init() throws {
        schema = try SchemaChecker(Data(ExperimentSchema.text.utf8))
    }

    @Test("is as committed: the schema, and the page of the documentation")
    func committed() throws {
        expectGolden(ExperimentSchema.text, at: Self.schemaFile)
        let example = try String(contentsOf: Self.top.appending(path: "experiments/backbone.json"), encoding: .utf8)
        expectGolden(
            ExperimentPage.text(example: example),
            at: Self.top.appending(path: "docs/latexp.docc/ExperimentFile.md")
        )
    }

    @Test("begins with trees that are right")
    func right() throws {
        for tree in [ExperimentTree.real, .lab] {
            #expect(try tree.read().problems == [])
            #expect(schema.problems(tree.root) == [])
        }
        #expect(ExperimentTree.places.count > 50)
        #expect(Set(ExperimentTree.places.map(\.description)).count == ExperimentTree.places.count)
    }

    @Test("has the model's properties and no others")
    func sameAsModel() throws {
        let path = PathSpecification(name: "a", kind: .direct)
        let lab = LabSpecification()
        let models: [(ExperimentObject?, Any)] = [
            (ExperimentKeys.root, Experiment(name: "x", feed: .init(streams: []), hosts: [:], receiver: "", paths: [])),
            (ExperimentKeys.root.key("feed")?.object, FeedSpecification(streams: [])),
            (ExperimentKeys.root.key("hosts")?.object, HostSpecification()),
            (ExperimentKeys.root.key("paths")?.object, path),
            (ExperimentKeys.root.key("schedule")?.object, Schedule()),
            (ExperimentKeys.root.key("clock")?.object, ClockRequirement()),
            (ExperimentKeys.root.key("reconnect")?.object, ReconnectPolicy()),
            (ExperimentKeys.root.key("relayBuffer")?.object, RelayBuffer()),
            (ExperimentKeys.root.key("relay")?.object, RelayTransport()),
            (ExperimentKeys.root.key("lab")?.object, lab),
            (ExperimentKeys.root.key("lab")?.object?.key("direct")?.object, lab.direct),
            (ExperimentKeys.root.key("lab")?.object?.key("tokyo")?.object, lab.tokyo),
            (ExperimentKeys.root.key("lab")?.object?.key("backbone")?.object, lab.backbone),
        ]
        for (object, model) in models {
            let object = try #require(object)
            let properties = Mirror(reflecting: model).children.compactMap(\.label)
                .map { $0 == "repetitions" ? "repeat" : $0 }
            #expect(Set(properties) == Set(object.keys.map(\.name).filter { $0 != "$schema" }), "\(object.place)")
        }
    }

    @Test("names the kind of value that the reader takes")
    func kinds() throws {
        let values: [JSONValue] = ["?", 1.5, true, [], ["a"], [1], [:], ["a": 1], .null]
        for place in ExperimentTree.places {
            for value in values where !place.key.takes(value) {
                try expectRefused(ExperimentTree.with(value, at: place), at: "\(place)")
            }
        }
    }

    @Test("names what must be there")
    func required() throws {
        for place in ExperimentTree.places {
            let tree = ExperimentTree.with(nil, at: place)
            if place.key.isRequired {
                try expectRefused(tree, at: "\(place)", schemaAt: "")
            } else if !["hosts", "lab"].contains("\(place)") {
                // Others are missed only where a rule of their object says so.
                let byRule = ["hosts.frankfurt.publicAddress", "paths[1].via", "paths[1].to", "schedule.every"]
                let missed = try tree.read().problems.map(\.path).contains("\(place)")
                #expect(missed == byRule.contains("\(place)"), "\(place)")
            }
        }
    }

    @Test("names every key")
    func unknown() throws {
        for place in ExperimentTree.places where place.key.object != nil || place.steps.isEmpty {
            let tree = (place.isInLab ? ExperimentTree.lab : .real).root
            let inside = place.key.object == nil ? place.steps : place.steps + [.key(place.key.name)]
            let more: [ExperimentTree.Step] =
                switch place.key.kind {
                case .list: [.item(1)]
                case .inventory: [.key("frankfurt")]
                default: []
                }
            let steps = inside + more + [.key("unheardOf")]
            let changed = ExperimentTree(root: tree).with(1, along: steps)
            try expectRefused(changed, at: ExperimentTree.name(steps), schemaAt: "")
        }
    }

    @Test("has limits that are the reader's")
    func limits() throws {
        for place in ExperimentTree.places {
            let limits = place.key.limits(at: place)
            for value in limits.taken { try expectTaken(ExperimentTree.with(value, at: place), at: "\(place)") }
            for value in limits.refused { try expectRefused(ExperimentTree.with(value, at: place), at: "\(place)") }
            for value in limits.refusedByReader {
                let problems = try ExperimentTree.with(value, at: place).read().problems
                #expect(problems.map(\.path).contains("\(place)"), "\(place) \(value)")
            }
        }
    }

    @Test("has defaults that are the reader's, and examples that work")
    func defaults() throws {
        for place in ExperimentTree.places {
            let without = try ExperimentTree.with(nil, at: place).read().experiment?.spelledOut
            if let standard = place.key.standard {
                let given = try ExperimentTree.with(standard, at: place).read().experiment?.spelledOut
                #expect(given == without, "\(place)")
                #expect(without != nil, "\(place)")
            }
            guard let example = place.key.example else { continue }
            let tree = ExperimentTree.with(example, at: place)
            let read = try tree.read()
            #expect(read.problems == [], "\(place)")
            #expect(schema.problems(tree.root) == [], "\(place)")
            // The reader puts each where it belongs: another value makes another experiment.
            if place.key.name != "$schema" { #expect(read.experiment?.spelledOut != without, "\(place)") }
        }
    }

    @Test("has the reader's patterns")
    func patterns() throws {
        let letters = String(repeating: "a", count: 40)
        let texts = [
            "", "a", "_a", ".a", "-a", "a.b", "a b", "a/b", "a,b", "é", "a\u{e9}", letters, letters + "a",
            letters + letters,
            "ws://h", "wss://h/a", "http://h", "wss:h",
            "btcusdt@bookTicker", "BTCUSDT@trade", "btcusdt@", "@trade", "a@b@c", "a@@c", "!a@arr", "!", "!a", "!@a",
            "a\"b@c",
            "a@b/c", "btcusd_perp@depth5@100ms", "é@b", "a@B",
        ]
        for place in ExperimentTree.places where place.key.pattern != nil {
            for text in texts {
                let value: JSONValue = if case .texts = place.key.kind { [.string(text)] } else { .string(text) }
                let tree = ExperimentTree.with(value, at: place)
                let isTaken = try !tree.read().problems.contains { $0.path.hasPrefix("\(place)") }
                let isInSchema = !schema.problems(tree.root).contains { $0.hasPrefix("\(place)") }
                #expect(isTaken == isInSchema, "\(place): '\(text)'")
            }
        }
    }

    @Test("has the rules of several keys in the schema, too")
    func rules() throws {
        let real = ExperimentTree.real
        let host: [ExperimentTree.Step] = [.key("hosts"), .key("tokyo")]
        let broken = [
            real.with("tokyo", along: [.key("paths"), .item(0), .key("via")]),
            real.with("udp", along: [.key("paths"), .item(0), .key("transport")]),
            real.with(nil, along: [.key("paths"), .item(1), .key("via")]),
            real.with([:], along: [.key("lab")]),
            real.with(nil, along: [.key("hosts")]),
            real.with([:], along: host),
            real.with(true, along: host + [.key("local")]),
            real.with(["local": false], along: host),
            real.with(["a/b": ["local": true]], along: [.key("hosts")]),
            real.with(["inventory": "a", "b": 1], along: [.key("hosts")]),
            real.with(["blockDuration": "1s"], along: [.key("schedule")]),
            real.with(["every": "1h"], along: [.key("schedule")]),
            real.with(["btcusdt@trade", "btcusdt@trade"], along: [.key("feed"), .key("streams")]),
            real.with([], along: [.key("paths")]),
        ]
        for tree in broken {
            #expect(try !tree.read().problems.isEmpty, "\(tree.root)")
            #expect(!schema.problems(tree.root).isEmpty, "\(tree.root)")
        }
        let right = [
            real.with(["local": true], along: host),
            real.with(["local": false, "ssh": "a@b"], along: host),
            real.with("hosts.schema.json", along: [.key("hosts"), .key("$schema")]),
        ]
        for tree in right {
            #expect(try tree.read().problems == [])
            #expect(schema.problems(tree.root) == [], "\(tree.root)")
        }
        #expect(schema.problems(real.with(["inventory": "hosts.json"], along: [.key("hosts")]).root) == [])
    }

    private func expectTaken(_ tree: ExperimentTree, at place: String) throws {
        let problems = try tree.read().problems.filter { $0.path.hasPrefix(place) }
        #expect(problems == [], "\(place)")
        #expect(schema.problems(tree.root).filter { $0.hasPrefix(place) } == [], "\(place)")
    }

    private func expectRefused(_ tree: ExperimentTree, at place: String, schemaAt: String? = nil) throws {
        let problems = try tree.read().problems.map(\.path)
        #expect(problems.contains { $0 == place || $0.hasPrefix(place + "[") || $0.hasPrefix(place + ".") }, "\(place)")
        #expect(schema.problems(tree.root).contains { $0.hasPrefix(schemaAt ?? place) }, "\(place): \(tree.root)")
    }
}

extension Experiment {
    /// The same with the values that nil stands for.
    fileprivate var spelledOut: Experiment {
        var all = self
        for name in hosts.keys {
            all.hosts[name]?.local = hosts[name]?.isLocal
            all.hosts[name]?.simulated = hosts[name]?.simulated ?? false
        }
        for index in paths.indices where paths[index].kind == .relay {
            all.paths[index].transport = paths[index].transport ?? .tcp
        }
        return all
    }
}

extension ExperimentKey {
    /// Whether a value is of the kind that the key takes.
    fileprivate func takes(_ value: JSONValue) -> Bool {
        switch (kind, value) {
        case (.text, .string), (.flag, .bool), (.number, .number), (.object, .object), (.list, .array): true
        case (.wholeNumber, .number(let number)), (.seed, .number(let number)): number == number.rounded()
        case (.texts, .array(let items)): items.allSatisfy { if case .string = $0 { true } else { false } }
        case (.textMap, .object(let members)):
            members.values.allSatisfy { if case .string = $0 { true } else { false } }
        case (.inventory, .object(let members)): members.isEmpty
        default: false
        }
    }

    fileprivate var pattern: String? {
        switch kind {
        case .text(let pattern), .texts(_, let pattern): pattern
        default: nil
        }
    }

    /// Values at the limits and beyond; what only the reader refuses is what a schema cannot say.
    fileprivate func limits(
        at place: ExperimentTree.Place
    ) -> (taken: [JSONValue], refused: [JSONValue], refusedByReader: [JSONValue]) {
        switch kind {
        case .number(let range):
            return (
                [.number(range.lowerBound), .number(range.upperBound)],
                [.number(range.lowerBound / 2), .number(range.upperBound + 1)], []
            )
        case .wholeNumber(let range):
            return (
                [.number(Double(range.lowerBound)), .number(Double(range.upperBound))],
                [.number(Double(range.lowerBound - 1)), .number(Double(range.upperBound + 1))], []
            )
        case .seed: return ([0, .number(0x1p63)], [-1], [.number(0x1p64)])
        case .timeSpan(let least, let most):
            // How long at least from one run to the next depends on the run.
            let first: [JSONValue] = place.description == "schedule.every" ? [] : [.string("\(least)")]
            let beyond = least.ns > 0 ? [JSONValue.string("\(least.ns - 1)ns")] : []
            let over = most.map { JSONValue.string("\($0.ns + 1)ns") } ?? "36501d"
            return (
                first + [.string("\(most ?? .seconds(86_400))")], ["-1s", "1", "1 s", "s", "1s1s"], beyond + [over]
            )
        case .choice(let words): return (words.map { .string($0) }, ["other", ""], [])
        case .texts(let count?, _):
            let names = (1...count.upperBound + 1).map { JSONValue.string("a\($0)@trade") }
            return (
                [.array(Array(names.prefix(count.lowerBound))), .array(Array(names.dropLast()))], [[], .array(names)],
                []
            )
        default: return ([], [], [])
        }
    }
}
