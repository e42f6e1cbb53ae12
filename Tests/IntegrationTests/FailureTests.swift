import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

extension WholeRuns {
    /// Runs that fail, each in another phase, at the same time on the same hosts: each says why, and leaves nothing.
    struct FailureTests {
        @Test("In connect, inspect, push, clock, start, measure and collect", .timeLimit(.minutes(3)))
        func everyPhase() async throws {
            try await withTemporaryFolder { folder in
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    let world = FailingRuns(lab: lab, folder: folder)
                    // It has the port that the run for `inspect` wants.
                    let measure = try world.start("measure", port: 8091)
                    let collect = try world.start("collect", port: 8092, agent: Self.losesItsSummary)
                    let start = try world.start("start", port: 8093, agent: Self.doesNotStart)
                    let push = try world.start("push", port: 8094, agent: "echo 'no program' >&2; exit 9")
                    let clock = try world.start(
                        "clock",
                        port: 8095,
                        [("\"maxError\": \"1ms\", \"wait\": \"60s\"", "\"maxError\": \"1ns\", \"wait\": \"1s\"")]
                    )
                    let connect = try world.start("connect", port: 8096, [(lab.directory, try world.otherHostKeys())])
                    try await world.expect(connect, fails: "connect", 3, saying: "HOST KEY")
                    try await world.expect(push, fails: "push", 3, saying: "no program")
                    try await world.expect(clock, fails: "clock", 4, saying: "clock")
                    try await measure.waitForPhase("measure")
                    try await measure.waitForGo()
                    let inspect = try world.start("inspect", port: 8091)
                    try await world.expect(inspect, fails: "inspect", 3, saying: "TCP port 8091 is taken: the run")
                    try await world.expect(start, fails: "start frankfurt", 5, saying: "ended with status 7")
                    #expect(try Self.kill(agentOf: "frankfurt", try LatexpCommand.record(try measure.directory)) > 0)
                    try await world.expect(measure, fails: "measure", 5, saying: "frankfurt")
                    try await world.expect(collect, fails: "collect", 5, saying: "summary.json missing")

                    for run in [connect, inspect, push, clock, start, measure, collect] {
                        try await lab.expectNothingLeft(of: try run.directory, listenersBefore: before)
                    }
                }
            }
        }

        private static let doesNotStart = """
            case $1 in receive) echo 'no room' >&2; exit 7 ;; esac
            exec "$real" "$@"
            """
        private static let losesItsSummary = """
            case $1 in receive) ;; *) exec "$real" "$@" ;; esac
            "$real" "$@"
            status=$?
            rm -f summary.json
            exit "$status"
            """

        /// Kills an agent, and nothing that stands above it; returns how many processes that were.
        private static func kill(agentOf host: String, _ record: RunRecord) throws -> Int {
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

        @Test("The wall clock of a host jumps by an hour during the run: the run says so", .timeLimit(.minutes(3)))
        func clockStep() async throws {
            try await withTemporaryFolder { folder in
                // The agent of bin/ is static: nothing can be put between it and the system. The tests' build is not.
                let dynamic = LatexpCommand.repository + "/.build/debug/latexp-agent"
                try #require(FileManager.default.isExecutableFile(atPath: dynamic), "run swift build --build-tests")
                try await Self.buildShim(folder)
                try await NetworkLabCommand.with(folder) { lab in
                    let before = try await lab.listeners()
                    let world = FailingRuns(lab: lab, folder: folder)
                    var runs: [(verb: String, host: String, run: LatexpInLab)] = []
                    for (verb, host, port) in [("receive", "frankfurt", 8097), ("forward", "tokyo", 8098)] {
                        let agent = """
                            case $1 in \(verb)) export STEP_FILE='\(folder)/step' LD_PRELOAD='\(folder)/step.so' ;; esac
                            case $1 in receive | forward) real='\(dynamic)' ;; esac
                            exec "$real" "$@"
                            """
                        let run = try world.start(verb, port: port, seconds: 5, agent: agent)
                        runs.append((verb, host, run))
                    }
                    for (_, _, run) in runs {
                        try await run.waitForPhase("measure")
                        try await run.waitForGo()
                    }
                    _ = FileManager.default.createFile(atPath: folder + "/step", contents: nil)
                    for (_, host, run) in runs {
                        let status = try await run.end()
                        let analysis = try LatexpCommand.analysis(try run.directory)
                        let warning = try #require(analysis.warnings.first { $0.code == .clockStepped })
                        #expect(warning.text.contains(host), "\(warning)")
                        let steps = analysis.hosts.first { $0.name == host }?.clock.stepsNs ?? []
                        #expect(
                            steps.count == 1 && abs((steps.first ?? 0) - 3_600_000_000_000) < 50_000_000,
                            "\(steps)"
                        )
                        // Pairs are compared on the receiver's monotonic clock, which never jumps.
                        #expect(status == 0 && !analysis.isVerdictUnusable, "\(run.said)")
                        try await lab.expectNothingLeft(of: try run.directory, listenersBefore: before)
                    }
                }
            }
        }

        /// What makes one program believe that the system's clock was set forward: no test may set the machine's.
        private static func buildShim(_ folder: String) async throws {
            let source = """
                #define _GNU_SOURCE
                #include <dlfcn.h>
                #include <stdlib.h>
                #include <sys/socket.h>
                #include <time.h>
                #include <unistd.h>
                static int (*clock_of)(clockid_t, struct timespec *);
                static ssize_t (*receive)(int, struct msghdr *, int);
                static int has_stepped;
                static long looked_at;
                static int stepped(void) {
                    struct timespec now;
                    if (has_stepped) return 1;
                    clock_of(CLOCK_MONOTONIC, &now);
                    long tick = now.tv_sec * 50 + now.tv_nsec / 20000000;
                    if (tick == looked_at) return 0;
                    looked_at = tick;
                    return has_stepped = access(getenv("STEP_FILE"), F_OK) == 0;
                }
                int clock_gettime(clockid_t clock, struct timespec *time) {
                    if (!clock_of) clock_of = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
                    int code = clock_of(clock, time);
                    int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
                    if (code == 0 && is_wall && stepped()) time->tv_sec += 3600;
                    return code;
                }
                ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
                    struct timespec now;
                    if (!receive) receive = (ssize_t (*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
                    ssize_t count = receive(descriptor, message, flags);
                    if (count < 0) return count;
                    clock_gettime(CLOCK_MONOTONIC, &now);
                    if (!stepped()) return count;
                    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
                        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPING) continue;
                        struct timespec *stamp = (struct timespec *)CMSG_DATA(item);
                        if (stamp->tv_sec) stamp->tv_sec += 3600;
                    }
                    return count;
                }
                """
            try source.write(toFile: folder + "/step.c", atomically: true, encoding: .utf8)
            _ = try await SSHServerTools.output(
                "clang",
                ["-shared", "-fPIC", "-O1", "-o", folder + "/step.so", folder + "/step.c", "-ldl"]
            )
        }
    }
}

/// Runs in a lab that shall fail, with agents of their own.
private struct FailingRuns {
    let lab: NetworkLabCommand
    let folder: String

    /// Starts a run; `agent` is the shell script that stands in for the agent, `$real`.
    func start(
        _ name: String,
        port: Int,
        seconds: Int = 3,
        _ changes: [(String, String)] = [],
        agent: String? = nil
    ) throws -> LatexpInLab {
        let own = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let length = name == "measure" ? 60 : seconds
        let shorter = ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\"")
        let file = try lab.experiment(in: own, seconds: length, replacing: [("8080", "\(port)"), shorter] + changes)
        var arguments = ["run", file]
        if let agent {
            let script = "#!/bin/sh\nreal='\(LatexpCommand.programs)/latexp-agent'\n\(agent)\n"
            try script.write(toFile: own + "/agent", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: own + "/agent")
            arguments += ["--agent", own + "/agent"]
        }
        return try LatexpInLab(arguments, runs: own + "/runs", lab: lab)
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
}
