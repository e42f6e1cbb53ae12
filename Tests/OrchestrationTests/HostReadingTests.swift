import ExperimentModel
import Foundation
import RemoteHosts
import Testing

@testable import Orchestration

@Suite("What hosts say")
struct HostReadingTests {
    @Test("is read into facts, with control characters dropped and missing tools named")
    func facts() throws {
        let text = FakeHost.facts(
            region: "ap-northeast-1",
            extra: "missing=flock\nmissing=gzip\nsystem=De\u{1B}[31mbian"
        )
        let (facts, missing) = try #require(HostFactsReader.read(text))
        #expect(facts.kernel == "Linux 6.1.0 x86_64")
        #expect(facts.chronyVersion == "4.3")
        #expect(facts.cpus == 2)
        #expect(facts.region == "ap-northeast-1")
        #expect(facts.zone == "apne1-az4")
        #expect(facts.system == "De[31mbian")
        #expect(missing == ["flock", "gzip"])
        #expect(HostFactsReader.read("This account is currently not available.\n") == nil)
    }

    @Test("of this machine is read by the real script", .timeLimit(.minutes(1)))
    func thisMachine() async throws {
        let result = try await LocalHost(name: "here").run(RemoteCommand(HostScripts.facts))
        let (facts, missing) = try #require(HostFactsReader.read(result.output))
        #expect(facts.cpus > 0)
        #expect(!facts.architecture.isEmpty)
        #expect(missing == [], "install util-linux, coreutils and gzip")
    }

    @Test("of its ports is read by the real script: TCP that listens, UDP that is bound, each for itself")
    func takenPorts() async throws {
        func taken(_ kind: Int32, listens: Bool = false) throws -> (descriptor: Int32, port: Int) {
            let descriptor = socket(AF_INET, kind, 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            try #require(isBound && (!listens || listen(descriptor, 1) == 0))
            return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
        }
        #if os(Linux)
            let (stream, datagram) = (Int32(SOCK_STREAM.rawValue), Int32(SOCK_DGRAM.rawValue))
        #else
            let (stream, datagram) = (SOCK_STREAM, SOCK_DGRAM)
        #endif
        let (listening, silent) = (try taken(stream, listens: true), try taken(stream))
        let bound = try taken(datagram)
        defer { for descriptor in [listening.descriptor, silent.descriptor, bound.descriptor] { close(descriptor) } }
        let asked = ["tcp:\(listening.port)", "tcp:\(silent.port)", "udp:\(bound.port)", "tcp:1"]
        let result = try await LocalHost(name: "here").run(RemoteCommand(HostScripts.takenPorts, arguments: asked))
        #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
        #expect(result.output == "\(asked[0]) \n\(asked[2]) \n")
        let text = try #require(HostFactsReader.takenPort(result.output, of: Array(asked[2...])))
        #expect(text.hasPrefix("UDP port \(bound.port) is taken: something listens there"))
    }

    @Test("of the clock is read: a good answer, no daemon, no chronyc")
    func clock() {
        let good = ClockAsker.read(FakeHost.goodClock)
        #expect(good.reading.tracking?.stratum == 4)
        #expect(good.reading.at.wallNs == 1_763_850_000_000_000_000)
        #expect(good.reading.at.monotonicNs == 1_000_500_000_000)
        #expect(good.reading.phcErrorNs == nil)
        let moment = FakeHost.moment.replacingOccurrences(of: "\n", with: " 24000\n")
        let hardware = ClockAsker.read(
            CommandResult(
                exitCode: 0,
                outputBytes: Array(
                    (moment + "50484330,PHC0,1,1763849990.1,0.000001,0,0,0,0,0,0.000002,0.000003,1.0,Normal\n").utf8
                )
            )
        )
        #expect(hardware.reading.phcErrorNs == 24_000)
        #expect(hardware.reading.boundSeconds.map { abs($0 - 29e-6) < 1e-12 } == true)
        let silent = ClockAsker.read(
            CommandResult(exitCode: 1, outputBytes: Array((FakeHost.moment + "506 Cannot talk to daemon\n").utf8))
        )
        #expect(silent.reading.failure?.contains("506 Cannot talk to daemon") == true)
        #expect(!silent.isFinal, "a daemon may yet start")
        let missing = ClockAsker.read(FakeHost.noChrony)
        #expect(missing.reading.failure?.contains("install chrony") == true)
        #expect(missing.isFinal)
    }

    @Test("files are prepared, written, listed and removed by the real scripts", .timeLimit(.minutes(1)))
    func scripts() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "latexp-scripts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let host = LocalHost(name: "here", homeDirectory: home.path)
        let directory = RemoteLayout.block("it's a $(run)", host: "tokyo", number: 1)
        func run(_ script: String, _ arguments: [String], input: String = "") async throws -> CommandResult {
            try await host.run(RemoteCommand(script, arguments: arguments, input: Array(input.utf8)))
        }
        #expect(try await run(HostScripts.readFile, [directory, "status.json"]).exitCode == 3)
        #expect(try await run(HostScripts.prepare, [directory], input: "secret\n").exitCode == 0)
        #expect(try await run(HostScripts.writeFile, [directory, "plan.json"], input: "{}").exitCode == 0)
        #expect(try await run(HostScripts.go, [directory]).exitCode == 0)
        #expect(try await run(HostScripts.readFile, [directory, "plan.json"]).output == "{}")
        #expect(try await run(HostScripts.list, [directory, "go", "none", "secret"]).output == "go\nsecret\n")
        let secret = home.appending(path: directory).appending(path: "secret").path
        let permissions = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int
        #expect(permissions == 0o600)
        let hash = try await run(HostScripts.hash, ["\(directory)/plan.json"]).output
        #expect(hash == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n")
        #expect(try await run(HostScripts.remove, [directory, RemoteLayout.run("it's a $(run)")]).exitCode == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/.cache/latexp/runs") == [])
    }

    @Test("of regions gives the way of light: Tokyo to Frankfurt 31.2 ms")
    func distance() throws {
        let light = try #require(RegionDistance.lightMs("ap-northeast-1", "eu-central-1"))
        #expect(abs(light - 31.2) < 0.1)
        #expect(RegionDistance.lightMs("ap-northeast-1", "moon-1") == nil)
    }
}

@Suite("Finding agents")
final class AgentLocatorTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-agents-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder.appending(path: "bin"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The first octets of a Linux executable for a machine, after the ELF specification.
    private func write(_ name: String, machine: UInt8) throws {
        let file = folder.appending(path: name)
        try Data([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 11) + [machine, 0]).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    private var locator: AgentLocator {
        AgentLocator(explicitFile: nil, folders: [folder.path, folder.path + "/bin"])
    }

    @Test("takes the one named for the architecture before the plain one, and passes over one built for another")
    func order() throws {
        try write("latexp-agent", machine: 62)
        #expect(try locator.find("x86_64").hasSuffix("/latexp-agent"))
        try write("latexp-agent-x86_64", machine: 62)
        #expect(try locator.find("x86_64").hasSuffix("/latexp-agent-x86_64"))
        try write("bin/latexp-agent", machine: 183)
        #expect(try locator.find("aarch64").hasSuffix("/bin/latexp-agent"))
        #expect(try locator.find("arm64").hasSuffix("/bin/latexp-agent"))
    }

    @Test("says exactly how to get one where there is none")
    func none() throws {
        try write("latexp-agent", machine: 62)
        let error = #expect(throws: OrchestrationError.self) { try self.locator.find("aarch64") }
        #expect(error?.code == .agentUnavailable)
        #expect(error?.message.contains("infra/build") == true)
        #expect(error?.message.contains("bin/latexp-agent-aarch64") == true)
    }

    @Test("refuses a named file that is built for another architecture, or is not there")
    func explicit() throws {
        try write("mine", machine: 183)
        let file = folder.path + "/mine"
        #expect(try AgentLocator(explicitFile: file, folders: []).find("aarch64") == file)
        let wrong = #expect(throws: OrchestrationError.self) {
            try AgentLocator(explicitFile: file, folders: []).find("x86_64")
        }
        #expect(wrong?.code == .agentUnavailable)
        let missing = #expect(throws: OrchestrationError.self) {
            try AgentLocator(explicitFile: "/nonexistent", folders: []).find("x86_64")
        }
        #expect(missing?.code == .invalidInput)
    }

    @Test("refuses a named file that is no Linux executable: a shell would take it for a script")
    func explicitScript() throws {
        let file = folder.appending(path: "script")
        for text in ["#!/bin/sh\necho hello from a script\n", "root:x:0:0:root:/root:/bin/sh\n", ""] {
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: OrchestrationError.self) {
                try AgentLocator(explicitFile: file.path, folders: []).find("x86_64")
            }
            #expect(error?.code == .invalidInput)
            #expect(error?.message.contains("no Linux executable") == true)
        }
        #expect(throws: OrchestrationError.self) { try AgentLocator.examine(named: self.folder.path) }
    }

    @Test("hashes with the system's own tool")
    func hash() async throws {
        let file = folder.appending(path: "abc")
        try Data("abc".utf8).write(to: file)
        // FIPS 180-4's example.
        #expect(
            try await FileDigest.sha256(file.path)
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
    }
}
