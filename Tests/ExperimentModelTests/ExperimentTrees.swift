import ExperimentModel
import Foundation

/// Experiment files as trees whose parts can be exchanged, to feed each key of the reference to the reader.
struct ExperimentTree {
    /// A step into a tree: a key, or the number of a list's item.
    enum Step: Hashable {
        case key(String)
        case item(Int)
    }

    /// One key of the reference and where it is in the trees.
    struct Place: CustomStringConvertible {
        let key: ExperimentKey
        let object: ExperimentObject
        /// To the object that holds the key.
        let steps: [Step]

        /// As the reader's problems call it.
        var description: String { ExperimentTree.name(steps + [.key(key.name)]) }

        /// Whether a tree with a simulated world has it: its own keys, and the port, which may be 0 there only.
        var isInLab: Bool { description.hasPrefix("lab") || description == "paths[1].port" }
    }

    /// Every key of the reference, at one place of the trees.
    static let places = list(of: ExperimentKeys.root, at: [])

    var root: JSONValue

    /// Real hosts: a tree that is right, and in which most keys can take every value within their limits.
    static let real = ExperimentTree(
        root: [
            "name": "x", "feed": ["streams": ["btcusdt@bookTicker"]],
            "hosts": [
                "tokyo": ["ssh": "admin@203.0.113.7"],
                "frankfurt": [
                    "ssh": "admin@198.51.100.7", "privateAddress": "10.1.1.10", "publicAddress": "198.51.100.7",
                    "acceleratorAddress": "a.example.com",
                ],
            ],
            "receiver": "frankfurt",
            "paths": [
                ["name": "baseline", "kind": "direct"],
                ["name": "relayed", "kind": "relay", "via": "tokyo", "to": "public", "port": 9],
            ],
            "schedule": ["mode": "sequential", "repeat": 2, "every": "7d"],
            "clock": [:], "reconnect": ["initial": "1ns"], "relayBuffer": [:], "relay": [:],
        ]
    )

    /// A simulated world.
    static let lab = ExperimentTree(
        root: [
            "name": "x", "feed": ["streams": ["btcusdt@bookTicker"]], "receiver": "frankfurt",
            "paths": [
                ["name": "baseline", "kind": "direct"], ["name": "relayed", "kind": "relay", "via": "tokyo"],
            ],
            "lab": ["direct": [:], "tokyo": [:], "backbone": [:]],
        ]
    )

    /// The tree for a key, with another value for it; nil takes the key out.
    static func with(_ value: JSONValue?, at place: Place) -> ExperimentTree {
        var tree = place.isInLab ? lab : real
        tree.root = replaced(tree.root, (place.steps + [.key(place.key.name)])[...], value)
        return tree
    }

    /// This tree with another value at some place; nil takes it out.
    func with(_ value: JSONValue?, along steps: [Step]) -> ExperimentTree {
        ExperimentTree(root: Self.replaced(root, steps[...], value))
    }

    /// What the reader says of the tree; the experiment if it is right.
    func read() throws -> (experiment: Experiment?, problems: [ExperimentProblem]) {
        do {
            let data = try JSONEncoder().encode(root)
            let read = try ExperimentReader.read(data, fileName: "x.json") { _ in Data("{}".utf8) }
            return (read.experiment, [])
        } catch let error as ExperimentError where error.code == .invalid {
            return (nil, error.problems)
        }
    }

    private static func list(of object: ExperimentObject, at steps: [Step]) -> [Place] {
        object.keys.flatMap { key -> [Place] in
            let own = [Place(key: key, object: object, steps: steps)]
            guard let inner = key.object else { return own }
            let further: [Step] =
                switch key.kind {
                case .list: [.item(1)]
                case .inventory: [.key("frankfurt")]
                default: []
                }
            return own + list(of: inner, at: steps + [.key(key.name)] + further)
        }
    }

    /// The name of a place as the reader's problems have it.
    static func name(_ steps: [Step]) -> String {
        steps.reduce("") { text, step in
            switch step {
            case .key(let key): text.isEmpty ? key : "\(text).\(key)"
            case .item(let number): "\(text)[\(number)]"
            }
        }
    }

    private static func replaced(_ tree: JSONValue, _ steps: ArraySlice<Step>, _ value: JSONValue?) -> JSONValue {
        guard let first = steps.first else { return value ?? .null }
        switch (tree, first) {
        case (.object(var members), .key(let key)):
            if steps.count == 1 {
                members[key] = value
            } else {
                members[key] = members[key].map { replaced($0, steps.dropFirst(), value) }
            }
            return .object(members)
        case (.array(var items), .item(let number)):
            items[number] = replaced(items[number], steps.dropFirst(), value)
            return .array(items)
        default: return tree
        }
    }
}
