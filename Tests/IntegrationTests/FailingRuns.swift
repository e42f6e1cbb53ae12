import ExperimentModel
import Foundation
import Testing

/// Runs in a lab that shall fail, with agents of their own.
struct FailingRuns {
    let lab: NetworkLabCommand
    let folder: String

    /// Starts a run; `agent` is the shell script that stands in for the agent, `$real`, and `command` what goes before the
    /// experiment's file.
    func start(
        _ name: String,
        port: Int,
        seconds: Int = 3,
        _ changes: [(String, String)] = [],
        agent: String? = nil,
        command: [String] = ["run"]
    ) throws -> LatexpInLab {
        let own = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let length = name == "measure" ? 60 : seconds
        let shorter = ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\"")
        let file = try lab.experiment(in: own, seconds: length, replacing: [("8080", "\(port)"), shorter] + changes)
        var arguments = command + [file]
        if let agent {
            try Self.compile("real='\(LatexpCommand.programs)/latexp-agent'\n\(agent)", to: own + "/agent")
            arguments += ["--agent", own + "/agent"]
        }
        return try LatexpInLab(arguments, runs: own + "/runs", lab: lab)
    }

    /// Makes a program that is a shell script: latexp takes nothing but programs for an agent.
    private static func compile(_ script: String, to program: String) throws {
        let octets = (Array(script.utf8) + [0]).map { "\($0)" }.joined(separator: ",")
        let source = """
            #include <stdlib.h>
            #include <unistd.h>
            static const char script[] = {\(octets)};
            int main(int count, char **arguments) {
                char **all = calloc(count + 4, sizeof *all);
                all[0] = "sh", all[1] = "-c", all[2] = (char *)script;
                for (int i = 0; i < count; i++) all[3 + i] = arguments[i];
                return execv("/bin/sh", all);
            }
            """
        try source.write(toFile: program + ".c", atomically: true, encoding: .utf8)
        let compiler = try Process.run(
            URL(filePath: "/usr/bin/env"),
            arguments: ["cc", "-static", "-o", program, program + ".c"]
        )
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0, "cc does not build \(program).c")
    }

    /// A folder with this lab's inventory, in which Tokyo's key is another's.
    func otherHostKeys() throws -> String {
        let own = folder + "/other"
        try FileManager.default.createDirectory(atPath: own + "/world", withIntermediateDirectories: true)
        let data = try Data(contentsOf: URL(filePath: lab.directory + "/world/hosts.json"))
        var hosts = try JSONDecoder().decode([String: [String: JSONValue]].self, from: data)
        try #require(hosts["tokyo"]?["hostKey"] != nil)
        hosts["tokyo"]?["hostKey"] = .string("SHA256:" + String(repeating: "A", count: 43))
        try JSONEncoder().encode(hosts).write(to: URL(filePath: own + "/world/hosts.json"))
        try FileManager.default.copyItem(atPath: lab.directory + "/world/ca.pem", toPath: own + "/world/ca.pem")
        return own
    }

    /// The run ends by itself, in this phase, with this status and for this reason.
    func expect(
        _ run: LatexpInLab,
        fails phase: String,
        _ status: Int32,
        saying text: String,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(try await run.end() == status, "\(run.said)", sourceLocation: location)
        let record = try LatexpCommand.record(try run.directory)
        let failed = record.phases.filter { $0.outcome == .failed }.map(\.name)
        #expect(failed.first == phase, "\(failed) \(run.said)", sourceLocation: location)
        #expect(record.exitStatus == status && record.outcome == .failed, sourceLocation: location)
        #expect(run.said.contains(text), "\(run.said)", sourceLocation: location)
        print("\(phase): \(run.said.split(separator: "\n").last { $0.hasPrefix("latexp:") } ?? "")")
    }

    /// Kills an agent, and nothing that stands above it; returns how many processes that were.
    static func kill(agentOf host: String, of run: LatexpInLab) throws -> Int {
        let record = try LatexpCommand.record(try run.directory)
        var count = 0
        for id in try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ Int32($0) }) {
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
            let name = try? String(contentsOfFile: "/proc/\(id)/comm", encoding: .utf8)
            guard name?.hasPrefix("latexp-agent") == true, let place, place.contains(record.nameOnHosts),
                place.contains("/\(host)-b")
            else { continue }
            if Foundation.kill(id, SIGKILL) == 0 { count += 1 }
        }
        return count
    }
}
