import ExperimentModel
import Foundation
import Testing

@testable import Orchestration

@Suite("The run store")
final class RunStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-store-\(UUID().uuidString)")
    private var store: RunStore { RunStore(path: folder.path) }
    /// 2025-11-22 22:20:00 UTC.
    private let moment = 1_763_850_000.0

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func makeRun(_ name: String, at seconds: Double) throws -> RunDirectory {
        let directory = try store.create(name: name, at: seconds)
        let experiment = Experiment(
            name: name,
            feed: FeedSpecification(streams: []),
            hosts: [:],
            receiver: "",
            paths: []
        )
        try directory.save(
            RunRecord(
                id: directory.id,
                version: "1",
                arguments: [],
                beganSeconds: seconds,
                supplied: .null,
                experiment: experiment
            )
        )
        return directory
    }

    @Test("names a run after its experiment and the UTC time, and never twice the same")
    func names() throws {
        #expect(try store.create(name: "demo", at: moment).id == "demo-20251122T222000Z")
        #expect(try store.create(name: "demo", at: moment + 0.9).id == "demo-20251122T222000Z-2")
        #expect(try store.create(name: "demo", at: moment + 1).id == "demo-20251122T222001Z")
    }

    @Test("gives each of many runs that begin at once a directory of its own")
    func race() async throws {
        let (store, moment) = (store, moment)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try store.create(name: "demo", at: moment).id } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 20)
    }

    @Test("points latest at the newest run")
    func latest() throws {
        _ = try makeRun("demo", at: moment)
        #expect(try store.find("latest").id == "demo-20251122T222000Z")
        _ = try makeRun("other", at: moment + 60)
        #expect(try store.find("latest").id == "other-20251122T222100Z")
        #expect(store.list().map(\.id) == ["other-20251122T222100Z", "demo-20251122T222000Z"])
    }

    @Test("finds a run by its directory, its name and a unique beginning")
    func finds() throws {
        let run = try makeRun("demo", at: moment)
        _ = try makeRun("demo", at: moment + 60)
        for text in [run.url.path, run.url.path + "/", run.id, "demo-20251122T2220"] {
            #expect(try store.find(text).id == run.id, "\(text)")
        }
    }

    @Test("names the candidates when a beginning fits several runs, and the newest when it fits none")
    func ambiguous() throws {
        let first = try makeRun("demo", at: moment)
        let second = try makeRun("demo", at: moment + 60)
        let several = #expect(throws: OrchestrationError.self) { try self.store.find("demo") }
        #expect(several?.code == .invalidInput)
        #expect(several?.message.contains(first.id) == true && several?.message.contains(second.id) == true)
        let none = #expect(throws: OrchestrationError.self) { try self.store.find("nothing") }
        #expect(none?.message.contains(second.id) == true)
        let empty = #expect(throws: OrchestrationError.self) { try RunStore(path: "/nonexistent/runs").find("latest") }
        #expect(empty?.message.contains("no runs") == true)
    }

    @Test("finds many runs by patterns and lists, each once")
    func findsAll() throws {
        let base = try (0..<3).map { try makeRun("baseline", at: moment + 60 * Double($0)) }
        let back = try makeRun("backbone", at: moment)
        #expect(try store.findAll("baseline-*").map(\.id) == base.map(\.id))
        #expect(try store.findAll("ba*").count == 4)
        #expect(
            try store.findAll("\(base[1].id),baseline-*,backbone").map(\.id)
                == [base[1], base[0], base[2], back].map(\.id)
        )
        #expect(try store.findAll("baseline-2025112?T222[01]00Z").map(\.id) == [base[0], base[1]].map(\.id))
        let none = #expect(throws: OrchestrationError.self) { try self.store.findAll("other-*") }
        #expect(none?.message.contains("no run in") == true && none?.message.contains("other-*") == true)
        #expect(throws: OrchestrationError.self) { try self.store.findAll(",") }
    }

    @Test("takes a run for one process at a time")
    func locks() throws {
        let run = try makeRun("demo", at: moment)
        let lock = try run.lock()
        let error = #expect(throws: OrchestrationError.self) { try run.lock() }
        #expect(error?.code == .invalidInput)
        lock.release()
        try run.lock().release()
    }

    @Test("says which file of a run is broken")
    func broken() throws {
        let run = try makeRun("demo", at: moment)
        try run.write(Data("{".utf8), to: "run.json")
        let error = #expect(throws: OrchestrationError.self) { try run.loadRecord() }
        #expect(error?.code == .storage)
        #expect(error?.message.contains("run.json") == true)
    }
}
