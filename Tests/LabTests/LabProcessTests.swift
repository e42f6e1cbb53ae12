import CSockets
import ChildProcesses
import ExperimentModel
import Foundation
import Testing
import WireTransport

@testable import LabWorld

@Suite(.serialized, .timeLimit(.minutes(1)))
struct LabProcessTests {
    private static let fast = "{lab: {direct: {delay: '5ms'}, backbone: {delay: '5ms'}}}"

    private func tool(_ name: String) throws -> Tool {
        try Tool(name, package: (apt: "openssh-client chrony", brew: "openssh chrony"))
    }

    /// Logs in with OpenSSH's own client, which accepts no key but the one that the lab names.
    private func ssh(_ host: HostSpecification, _ command: String, in folder: TemporaryDirectory) async throws
        -> Tool.Outcome
    {
        let parts = try #require(host.ssh).split(separator: ":")
        let knownHosts = folder.path("known_hosts")
        let line = "[127.0.0.1]:\(parts[1]) \(try #require(host.hostKey))\n"
        try Data(line.utf8).write(to: URL(fileURLWithPath: knownHosts))
        return try await tool("ssh").outcome(
            of: [
                "-F", "none", "-p", String(parts[1]), "-i", try #require(host.identityFile), "-o", "IdentitiesOnly=yes",
                "-o", "UserKnownHostsFile=\(knownHosts)", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
                String(parts[0]), command,
            ],
            limit: .seconds(20)
        )
    }

    private func isFree(_ port: Int) -> Bool { (try? ListeningSocket(host: "127.0.0.1", port: port)) != nil }

    private func allPorts(_ description: LabDescription) throws -> [Int] {
        let addresses = description.hosts.values.flatMap { [$0.ssh ?? ""] + Array(($0.connectTo ?? [:]).values) }
        return try addresses.map { try #require(Int($0.split(separator: ":").last ?? "")) }
    }

    @Test
    func `hosts can be logged in to, and their clocks come to agree`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(Self.fast, in: folder)
        let description = try await lab.description()
        #expect(description.feedURL == "wss://exchange.lab:443/public")
        #expect(Set(description.hosts.keys) == ["frankfurt", "tokyo"])
        let mode = try FileManager.default.attributesOfItem(atPath: lab.directory)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        for (name, host) in description.hosts {
            let outcome = try await ssh(host, "echo $HOME", in: folder)
            #expect(outcome.isSuccess, "\(name): \(outcome.errors)")
            #expect(outcome.output.trimmingCharacters(in: .newlines) == ProcessInfo.processInfo.environment["HOME"])
            #expect(host.privateAddress == "127.0.0.1")
            let chronyc = try tool("chronyc")
            let question = (host.chronyc ?? []) + ["-c", "tracking"]
            let isSynchronised = try await Readiness.wait(limit: .seconds(20)) {
                let fields = try await chronyc.run(question).split(separator: ",", omittingEmptySubsequences: false)
                return fields[2] == "2" && fields[13].hasPrefix("Normal")
            }
            #expect(isSynchronised, "\(name)'s clock")
        }
        let keyTypes = Set(description.hosts.values.compactMap(\.hostKey))
        #expect(keyTypes.count == 2 && keyTypes.allSatisfy { $0.hasPrefix("ssh-ed25519 AAAA") })
    }

    enum Ending: String, CaseIterable, Sendable {
        case endOfInput, quit, terminate, interrupt
    }

    @Test(arguments: Ending.allCases)
    func `in the end no process, no port and no file is left`(_ ending: Ending) async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(Self.fast, in: folder)
        let description = try await lab.description()
        let servers = try lab.serverIDs()
        #expect(servers.count == 5)
        let all = try await lab.processIDs()
        #expect(all.isSuperset(of: servers))
        let ports = try allPorts(description)
        #expect(!ports.contains { isFree($0) })
        switch ending {
        case .endOfInput: lab.closeInput()
        case .quit: lab.say("quit")
        case .terminate: kill(lab.child.pid, SIGTERM)
        case .interrupt: kill(lab.child.pid, SIGINT)
        }
        #expect(lab.child.waitForEnd(limitNs: 20_000_000_000))
        #expect(lab.child.exitStatus == 0)
        #expect(try await LabProcess.running(all) == [], "the lab waits for what it ends")
        #expect(!FileManager.default.fileExists(atPath: lab.directory))
        for port in ports { #expect(isFree(port)) }
    }

    @Test
    func `a lab that is killed takes its servers and keys along`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(Self.fast, in: folder)
        let description = try await lab.description()
        let all = try await lab.processIDs()
        #expect(all.count >= 11)
        let ports = try allPorts(description)
        kill(lab.child.pid, SIGKILL)
        #expect(lab.child.waitForEnd(limitNs: 10_000_000_000))
        let areGone = try await Readiness.wait(limit: .seconds(20)) { try await LabProcess.running(all).isEmpty }
        #expect(areGone)
        #expect(!FileManager.default.fileExists(atPath: lab.directory))
        for port in ports { #expect(isFree(port)) }
    }

    @Test
    func `programs that a session started live on, its connection does not`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(Self.fast, in: folder)
        let description = try await lab.description()
        let host = try #require(description.hosts["tokyo"])
        let command = "sleep 30 </dev/null >/dev/null 2>&1 & echo $!"
        let text = try await ssh(host, command, in: folder).output
        let session = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(session, SIGKILL) }
        let processCount = try await lab.processIDs().count
        async let connection = ssh(host, "exec sleep 30", in: folder)
        let isConnected = try await Readiness.wait { try await lab.processIDs().count > processCount }
        #expect(isConnected)
        lab.closeInput()
        #expect(lab.child.waitForEnd(limitNs: 20_000_000_000))
        #expect(try await !connection.isSuccess, "closed from the other end")
        #expect(try await LabProcess.running([session]) == [session])
    }

    @Test
    func `files can be kept, but not private keys`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(Self.fast, in: folder, arguments: ["--keep"])
        _ = try await lab.description()
        lab.say("truth")
        #expect(try await lab.answer(1).truth == "written")
        lab.closeInput()
        #expect(lab.child.waitForEnd(limitNs: 20_000_000_000))
        let left = try FileManager.default.subpathsOfDirectory(atPath: lab.directory)
        #expect(left.contains("lab-truth.csv") && left.contains("lab.json") && left.contains("tokyo/sshd.log"))
        for file in left {
            let text = (try? String(contentsOfFile: "\(lab.directory)/\(file)", encoding: .utf8)) ?? ""
            #expect(!text.contains("PRIVATE KEY"), "\(file)")
        }
    }

    @Test(
        arguments: [
            (LabSpecification.ClockFault.unsynchronised, "0", "Not synchronised"),
            (.localReference, "10", "Normal"),
            (.noDaemon, "", ""),
        ]
    )
    func `faulty clocks show`(_ fault: LabSpecification.ClockFault, _ stratum: String, _ leap: String) async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess("{lab: {clockFault: '\(fault.rawValue)'}}", in: folder)
        let description = try await lab.description()
        let question = (description.hosts["frankfurt"]?.chronyc ?? []) + ["-c", "tracking"]
        let outcome = try await tool("chronyc").outcome(of: question)
        #expect(outcome.isSuccess == (fault != .noDaemon))
        guard fault != .noDaemon else { return #expect(outcome.output.hasPrefix("506")) }
        let fields = outcome.output.trimmingCharacters(in: .newlines).split(
            separator: ",",
            omittingEmptySubsequences: false
        )
        #expect(fields[2] == stratum)
        #expect(fields[13] == leap)
    }

    @Test
    func `two labs do not disturb each other`() async throws {
        let folder = try TemporaryDirectory()
        let first = try LabProcess(Self.fast, in: folder, name: "first")
        let second = try LabProcess(Self.fast, in: folder, name: "second")
        let descriptions = [try await first.description(), try await second.description()]
        let ports = try descriptions.flatMap { try allPorts($0) }
        #expect(Set(ports).count == ports.count)
        first.closeInput()
        #expect(first.child.waitForEnd(limitNs: 20_000_000_000))
        let host = try #require(descriptions[1].hosts["frankfurt"])
        #expect(try await ssh(host, "true", in: folder).isSuccess)
        #expect(try await LabProcess.running(try second.serverIDs()).count == 5)
    }

    @Test
    func `local hosts need neither sshd nor chronyd`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess("{local: true, market: 'spot'}", in: folder)
        let description = try await lab.description()
        #expect(description.hosts.values.allSatisfy { $0.isLocal && $0.ssh == nil && $0.chronyc == nil })
        #expect(description.hosts["tokyo"]?.connectTo?.count == 2)
        #expect(description.feedURL == "wss://exchange.lab:443")
        #expect(try lab.serverIDs().isEmpty)
    }

    @Test(arguments: ["{lab: {rat: 5}}", "{streams: ['btcusdt@depth']}"])
    func `a bad specification is one clear line and exit status 1`(_ specification: String) async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess(specification, in: folder)
        #expect(lab.child.waitForEnd(limitNs: 20_000_000_000))
        #expect(lab.child.exitStatus == 1)
        #expect(lab.output.hasPrefix("latexp-lab: "))
        #expect(lab.output.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: lab.directory))
    }

    @Test
    func `unknown words are answered, not obeyed`() async throws {
        let folder = try TemporaryDirectory()
        let lab = try LabProcess("{local: true}", in: folder)
        _ = try await lab.description()
        lab.say("dance")
        #expect(try await lab.answer(1).error?.contains("dance") == true)
        lab.say("truth")
        let answer = try await lab.answer(2)
        #expect(answer.truth == "written" && answer.events == 0)
    }

    private struct Account {
        var name: String
        var group: String
        var canLogIn: Bool
    }

    /// An account that can log in, or else `nobody`, whom sshd takes for locked on some systems.
    private func ordinaryAccount() throws -> Account {
        let accounts = try String(contentsOfFile: "/etc/passwd", encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        let shells: Set = ["/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/zsh"]
        let usable = accounts.first { $0.count == 7 && $0[2] != "0" && shells.contains($0[6]) }
        let account = try #require(usable ?? accounts.first { $0[0] == "nobody" && $0.count == 7 })
        return Account(name: account[0], group: account[3], canLogIn: usable != nil)
    }

    /// Only the superuser can become somebody else; anybody else is an ordinary user already.
    @Test(.enabled(if: getuid() == 0, "the other tests ran as an ordinary user already"))
    func `an ordinary user needs no rights`() async throws {
        let account = try ordinaryAccount()
        let folder = try TemporaryDirectory()
        let home = folder.path("home")
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        // Others may not be allowed to enter the directory where it was built.
        let program = folder.path("latexp-lab")
        try FileManager.default.copyItem(atPath: try LabProcess.program(), toPath: program)
        let chown = try Tool("chown", package: (apt: "coreutils", brew: "coreutils"))
        _ = try await chown.run(["\(account.name):\(account.group)", home, folder.path])
        let setpriv = try Tool("setpriv", package: (apt: "util-linux", brew: "util-linux"))
        let lab = try LabProcess(
            Self.fast,
            in: folder,
            program: program,
            launcher: [setpriv.path, "--reuid=\(account.name)", "--regid=\(account.group)", "--clear-groups"],
            environment: ["HOME": home]
        )
        let description = try await lab.description()
        let servers = try lab.serverIDs()
        #expect(servers.count == 5)
        let host = try #require(description.hosts["tokyo"])
        #expect(host.ssh?.hasPrefix("\(account.name)@") == true)
        if account.canLogIn {
            let outcome = try await ssh(host, "id -un", in: folder)
            #expect(outcome.output == "\(account.name)\n", "\(outcome)")
        }
        let question = (host.chronyc ?? []) + ["-c", "tracking"]
        #expect(try await tool("chronyc").outcome(of: question).isSuccess)
        lab.closeInput()
        #expect(lab.child.waitForEnd(limitNs: 20_000_000_000))
        #expect(lab.child.exitStatus == 0)
        #expect(try await LabProcess.running(servers) == [])
        #expect(!FileManager.default.fileExists(atPath: lab.directory))
    }
}
