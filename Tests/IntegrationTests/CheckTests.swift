import ExperimentModel
import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// `latexp check` in the network lab: the way from Tokyo to Frankfurt, clocks, and where the hosts say that they are.
    struct CheckTests {
        @Test("Says what is ready, and what stands in the way of the rest", .timeLimit(.minutes(2)))
        func check() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let metadata = try await MetadataService.start(in: try lab.namespace("tokyo"), folder: folder)
                    defer { metadata.stop() }
                    func check(_ name: String, _ changes: [(String, String)] = []) async throws -> LatexpCommand.Result
                    {
                        let own = folder + "/" + name
                        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
                        let hosts = try Self.inventory(
                            lab,
                            in: own,
                            region: name == "elsewhere" ? "us-east-1" : "ap-northeast-1"
                        )
                        let inventory = (lab.directory + "/world/hosts.json", hosts)
                        return try await lab.latexp([
                            "check", try lab.experiment(in: own, seconds: 3, replacing: [inventory] + changes),
                        ])
                    }
                    async let elsewhere = check("elsewhere")
                    async let badClock = check(
                        "clock",
                        [("\"maxError\": \"1ms\", \"wait\": \"60s\"", "\"maxError\": \"1ns\", \"wait\": \"1s\"")]
                    )
                    let ready = try await check("ready")
                    #expect(ready.status == 0, "\(ready.errors)")
                    for text in [
                        "tokyo region: ap-northeast-1, zone apne1-az4, t3.micro, as its metadata service says",
                        "frankfurt region: not on AWS",
                        "tokyo way: backbone: frankfurt at 10.1.1.10, TCP port 8080, answers within ",
                        "nobody listens there yet", "tokyo clock: within", "frankfurt clock: within",
                    ] { #expect(ready.errors.contains(text), "\(text): \(ready.errors)") }
                    #expect(ready.output.contains("ready to measure"))
                    #expect(try await elsewhere.status == 3)
                    #expect(try await elsewhere.errors.contains("it is in us-east-1, but it is in ap-northeast-1"))
                    #expect(try await badClock.status == 4)
                    // Nothing comes through any more: what is sent stays without an answer, as behind a firewall.
                    try await lab.link("backbone", "--loss", "100%")
                    let blocked = try await check("blocked")
                    #expect(blocked.status == 3, "\(blocked.errors)")
                    #expect(
                        blocked.errors.contains("TCP port 8080, does not answer: look at the route"),
                        "\(blocked.errors)"
                    )
                }
            }
        }

        /// The lab's hosts, with a region for Tokyo.
        private static func inventory(_ lab: NetworkLabCommand, in folder: String, region: String) throws -> String {
            let data = try Data(contentsOf: URL(filePath: lab.directory + "/world/hosts.json"))
            var hosts = try JSONDecoder().decode([String: [String: JSONValue]].self, from: data)
            try #require(hosts["tokyo"] != nil)
            hosts["tokyo"]?["region"] = .string(region)
            try JSONEncoder().encode(hosts).write(to: URL(filePath: folder + "/hosts.json"))
            return folder + "/hosts.json"
        }
    }
}

/// A responder at the address of EC2's metadata service, in the namespace of one host.
private final class MetadataService {
    private let process = Process()

    static func start(in namespace: String, folder: String) async throws -> MetadataService {
        let address = ["-n", namespace, "addr", "add", "169.254.169.254/32", "dev", "lo"]
        _ = try await SSHServerTools.output("ip", address)
        try MetadataResponder.source.write(toFile: folder + "/metadata.py", atomically: true, encoding: .utf8)
        let service = MetadataService()
        let output = Pipe()
        service.process.executableURL = URL(filePath: "/usr/bin/env")
        service.process.arguments = ["ip", "netns", "exec", namespace, "python3", folder + "/metadata.py"]
        service.process.standardOutput = output
        try service.process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 3) == Data("up\n".utf8))
        return service
    }

    func stop() { process.terminate() }
}
