import ExperimentModel
import Foundation
import Testing

@testable import Orchestration

@Suite("A laboratory beside latexp", .timeLimit(.minutes(1)))
final class LabProcessTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-lab-\(UUID().uuidString)")
    private let request = LabRequest(
        lab: LabSpecification(),
        market: .usdm,
        streams: ["btcusdt@bookTicker"],
        receiverPort: 0,
        local: false
    )

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A stand-in for latexp-lab: a shell script.
    private func makeLab(_ script: String) throws -> (LabLocator, RunDirectory) {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "latexp-lab")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        let run = folder.appending(path: "run")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        return (LabLocator(explicitFile: nil, folders: [folder.path]), RunDirectory(url: run))
    }

    private static let serving = """
        directory=$5
        [ "$1 $2 $4" = "serve --spec --directory" ] || exit 9
        [ -s "$3" ] || exit 8
        echo '{"hosts":{"tokyo":{"ssh":"a@127.0.0.1:2201"},"frankfurt":{"ssh":"a@127.0.0.1:2202","privateAddress":"127.0.0.1"}},' >"$directory/lab.json"
        echo '"feedURL":"wss://127.0.0.1:4430","caFile":"/ca.pem","receiverPort":41234,"truthFile":"'"$directory"'/lab-truth.csv"}' >>"$directory/lab.json"
        echo "$directory/lab.json"
        while read -r line; do
          [ "$line" = truth ] && echo 'update_id,sent_ns,direct_ns,tokyo_ns,backbone_ns' >"$directory/lab-truth.csv" && echo '{"truth":"written"}'
        done
        echo ended >"$directory/ended"
        """

    @Test("comes up, writes its truth when asked, and ends when its input does")
    func serves() async throws {
        let (locator, run) = try makeLab(Self.serving)
        let lab = try await locator.start(request, in: run)
        #expect(lab.description.receiverPort == 41_234)
        #expect(lab.description.hosts.keys.sorted() == ["frankfurt", "tokyo"])
        try await lab.writeTruth()
        #expect(run.has("lab/lab-truth.csv"))
        await lab.stop()
        #expect(run.has("lab/ended"))
    }

    @Test("that ends early is an error with its own words")
    func fails() async throws {
        let (locator, run) = try makeLab("echo 'sshd is missing: sudo apt-get install openssh-server' >&2; exit 3")
        let error = await #expect(throws: OrchestrationError.self) { try await locator.start(self.request, in: run) }
        #expect(error?.code == .labUnavailable)
        #expect(error?.message.contains("apt-get install openssh-server") == true)
    }

    @Test("that is nowhere is an error that says how to get it")
    func missing() async throws {
        let locator = LabLocator(explicitFile: nil, folders: ["/nonexistent"])
        let error = await #expect(throws: OrchestrationError.self) {
            try await locator.start(self.request, in: RunDirectory(url: self.folder))
        }
        #expect(error?.code == .labUnavailable)
        #expect(error?.message.contains("LATEXP_LAB") == true)
    }

    @Test("brings hosts, feed and the backbone's port into the experiment")
    func completes() throws {
        let description = LabDescription(
            hosts: ["tokyo": HostSpecification(ssh: "a@127.0.0.1")],
            feedURL: "wss://127.0.0.1:1",
            caFile: "/ca.pem",
            receiverPort: 41_234,
            truthFile: "/truth"
        )
        var experiment = Experiment(
            name: "demo",
            feed: FeedSpecification(streams: ["btcusdt@bookTicker"]),
            hosts: [:],
            receiver: "frankfurt",
            paths: [
                PathSpecification(name: "baseline", kind: .direct),
                PathSpecification(name: "backbone", kind: .relay, via: "tokyo"),
            ],
            lab: LabSpecification()
        )
        let completed = try experiment.completed(by: description)
        #expect(completed.feed.url == "wss://127.0.0.1:1")
        #expect(completed.feed.caFile == "/ca.pem")
        #expect(completed.paths[0].port == nil)
        #expect(completed.paths[1].port == 41_234)
        #expect(completed.paths[1].to == .privateAddress)
        experiment.paths.append(PathSpecification(name: "second", kind: .relay, via: "tokyo"))
        let error = #expect(throws: OrchestrationError.self) { try experiment.completed(by: description) }
        #expect(error?.code == .invalidInput)
    }
}
