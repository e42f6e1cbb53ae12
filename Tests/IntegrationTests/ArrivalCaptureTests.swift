#if os(Linux)
    import Foundation
    import Subprocess
    import Testing

    #if canImport(System)
        import System
    #else
        import SystemPackage
    #endif

    /// Arrival times against a packet capture, in small; infra/bench/arrival is the measurement.
    @Suite(.enabled(if: getuid() == 0, "capturing packets takes root"))
    struct ArrivalCaptureTests {
        @Test(
            "Recorded times are those of a capture on the same interface, also of agents that are stopped now and then",
            .timeLimit(.minutes(3))
        )
        func capture() async throws {
            let script = LatexpCommand.repository + "/infra/bench/arrival"
            let result = try await Subprocess.run(
                .path(FilePath(script)),
                // A message out of place would be off by a millisecond and more; how exact the rest is, is no test's affair.
                arguments: ["--seconds", "4", "--rates", "1000", "--loads", "quiet stopped", "--limits", "1:20000"],
                environment: .inherit.updating(["LATEXP_BIN": LatexpCommand.programs]),
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20)
            )
            let text = result.standardOutput + result.standardError
            #expect(result.terminationStatus == .exited(0), "\(text)")
            let rows = text.split(separator: "\n").filter { $0.hasPrefix("ws") }
            #expect(rows.count == 8, "feed and relay, ws and wss, quiet and stopped: \(text)")
        }
    }
#endif
