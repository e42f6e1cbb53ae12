import ExperimentModel
import Foundation
import TestSupport
import Testing

@testable import Orchestration

@Suite("The shipped experiment files")
struct ShippedExperimentTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "experiments")

    static let names = [
        "accelerator", "backbone", "backbone-only", "baseline", "campaign", "demo", "demo-backbone", "demo-baseline",
        "lab",
        "sequential",
    ]

    private static func load(_ name: String) throws -> (experiment: Experiment, supplied: JSONValue) {
        let data = try Data(contentsOf: folder.appending(path: name + ".json"))
        return try ExperimentReader.read(data, fileName: name) { _ in
            try Data(contentsOf: folder.appending(path: "hosts.example.json"))
        }
    }

    @Test("are all known to these tests")
    func complete() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".json") && $0 != "hosts.json" }
        let others = ["experiment.schema", "hosts.example"]
        #expect(files.sorted() == (Self.names + others).map { $0 + ".json" }.sorted())
    }

    @Test("can be run as they are", arguments: names)
    func valid(_ name: String) throws {
        let (experiment, _) = try Self.load(name)
        #expect(experiment.problems() == [])
        #expect(try !DryRun.text(experiment).isEmpty)
    }

    @Test("agree with the schema", arguments: names)
    func schema(_ name: String) throws {
        let schema = try SchemaChecker(Data(contentsOf: Self.folder.appending(path: "experiment.schema.json")))
        #expect(schema.problems(try Self.load(name).supplied) == [])
    }

    @Test("have an inventory that agrees with the schema's hosts")
    func inventory() throws {
        let schema = try SchemaChecker(Data(contentsOf: Self.folder.appending(path: "experiment.schema.json")))
        let hosts = try JSONValue(json5: Data(contentsOf: Self.folder.appending(path: "hosts.example.json")))
        let experiment = JSONValue.object([
            "name": .string("x"), "feed": .object(["streams": .array([.string("a@b")])]), "hosts": hosts,
            "receiver": .string("frankfurt"),
            "paths": .array([.object(["name": .string("p"), "kind": .string("direct")])]),
        ])
        #expect(schema.problems(experiment) == [])
    }

    @Test("would not agree with the schema if a key were misspelt")
    func schemaCanFail() throws {
        let schema = try SchemaChecker(Data(contentsOf: Self.folder.appending(path: "experiment.schema.json")))
        guard case .object(var tree) = try Self.load("demo").supplied else { return }
        tree["schedul"] = .object([:])
        tree["feed"] = .object(["streams": .array([]), "market": .string("sport")])
        #expect(
            schema.problems(.object(tree)) == [
                ": unknown key schedul", "feed.market: not one of the choices", "feed.streams: too few",
            ]
        )
    }

    @Test("are found relative to their own directory, with their inventory")
    func load() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "backbone.json")
        try FileManager.default.copyItem(at: Self.folder.appending(path: "backbone.json"), to: file)
        let missing = #expect(throws: ExperimentError.self) { try ExperimentFile.load(file.path) }
        #expect(missing?.message.contains("hosts.example.json") == true)
        try FileManager.default.copyItem(
            at: Self.folder.appending(path: "hosts.example.json"),
            to: folder.appending(path: "hosts.json")
        )
        let read = try ExperimentFile.load(file.path)
        #expect(read.experiment.hosts["tokyo"]?.identityFile == NSHomeDirectory() + "/.ssh/latexp")
        #expect(ExperimentFile.resolve("keys/a", in: folder) == folder.path + "/keys/a")
    }
}
