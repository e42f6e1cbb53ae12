import Foundation
import Subprocess
import TestSupport
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

extension WholeRuns {
    /// The README tells the truth: what it shows being typed is typed, and prints what it shows.
    struct ReadmeTests {
        @Test("Every command that the README shows prints what stands below it there", .timeLimit(.minutes(8)))
        func examples() async throws {
            let readme = try String(contentsOfFile: LatexpCommand.repository + "/README.md", encoding: .utf8)
            let examples = ReadmeExample.all(in: readme)
            #expect(examples.count { $0.command.hasPrefix("latexp ") } >= 5, "the README shows too little: \(examples)")
            // Whatever looks like something typed is typed here, in whichever kind of block.
            let prompts = readme.split(separator: "\n").filter { $0.contains("$ latexp") }.map { $0.drop { $0 == " " } }
            #expect(prompts == examples.map { $0.description[...] }, "these are in no block that is tried")
            try await withTemporaryFolder { folder in
                try FileManager.default.copyItem(
                    atPath: LatexpCommand.repository + "/experiments",
                    toPath: folder + "/experiments"
                )
                for example in examples {
                    let output = try await Self.type(example.command, in: folder)
                    if let line = example.firstMissing(in: output) {
                        Issue.record("\(example) did not print as shown:\n  \(line)\nit printed:\n\(output)")
                    }
                }
            }
        }

        @Test("An example that is not what is printed is noticed")
        func differences() {
            let example = ReadmeExample.all(
                in: """
                    Text

                    ```
                    $ latexp runs
                    RUN     VERDICT
                    ...
                    demo-1  backbone is sooner by 5.8 ms
                    ```
                    """
            )
            #expect(example.map(\.command) == ["latexp runs"])
            let good = "RUN  VERDICT\nother\ndemo-17   backbone is sooner by 6 ms\n"
            #expect(example[0].firstMissing(in: good) == nil)
            #expect(example[0].firstMissing(in: "RUN  VERDICT\n") == "demo-1  backbone is sooner by 5.8 ms")
            let other = good.replacingOccurrences(of: "backbone", with: "baseline")
            #expect(example[0].firstMissing(in: other) == "demo-1  backbone is sooner by 5.8 ms")
        }

        /// What a shell prints, both streams together, for a line typed in a folder.
        private static func type(_ line: String, in folder: String) async throws -> String {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let result = try await Subprocess.run(
                .path("/bin/sh"),
                arguments: ["-c", "{ \(line)\n} 2>&1"],
                environment: .inherit.updating([
                    "PATH": "\(LatexpCommand.programs):\(path)", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "80",
                ]),
                workingDirectory: FilePath(folder),
                output: .string(limit: 4 << 20),
                error: .discarded
            )
            #expect(result.terminationStatus == .exited(0), "\(line)")
            return result.standardOutput
        }
    }
}
