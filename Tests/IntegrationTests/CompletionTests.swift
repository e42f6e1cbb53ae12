import Foundation
import TestSupport
import Testing

/// The completion scripts, as shells read them.
@Suite struct CompletionTests {
    /// Lets bash complete the last word of each line; gives what it offers.
    private static let script = """
        PATH=$1:$PATH
        source <(latexp --generate-completion-script bash)
        while read -r line; do
            COMP_LINE=${line%.} COMP_POINT=${#COMP_LINE} COMPREPLY=()
            read -ra COMP_WORDS <<<"$COMP_LINE"
            [ "${COMP_LINE% }" = "$COMP_LINE" ] || COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            function=$(complete -p latexp | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
            "$function" latexp "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            echo "${COMPREPLY[*]}"
        done
        """

    private func complete(_ lines: [String], in folder: String) async throws -> [[String]] {
        let file = folder + "/lines"
        // A dot at the end keeps the space before it.
        try lines.map { $0 + ".\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
        let output = try await SSHServerTools.output(
            "bash",
            ["--norc", "-c", "cd '\(folder)' && exec <lines; set -- '\(LatexpCommand.programs)'\n" + Self.script]
        )
        return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            line.split(separator: " ").map(String.init).sorted()
        }
    }

    @Test("bash completes commands, runs, campaigns, experiments and choices", .timeLimit(.minutes(1)))
    func bash() async throws {
        try await withTemporaryFolder { folder in
            for (name, file) in [
                ("demo-1", "run.json"), ("demo-2", "run.json"), ("lab-campaign-3", "campaign.json"), ("other", "x"),
            ] {
                for runs in ["runs", "elsewhere"] where runs == "runs" || name == "demo-2" {
                    let place = "\(folder)/\(runs)/\(name)"
                    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                    try Data("{}".utf8).write(to: URL(filePath: "\(place)/\(file)"))
                }
            }
            try Data("{}".utf8).write(to: URL(filePath: folder + "/mine.json"))
            try Data("{}".utf8).write(to: URL(filePath: folder + "/mine.txt"))
            let found = try await complete(
                [
                    "latexp re", "latexp report ", "latexp resume demo", "latexp status --runs elsewhere ",
                    "latexp run mi", "latexp phase to", "latexp export --format p", "latexp run --de",
                ],
                in: folder
            )
            #expect(
                found == [
                    ["report", "resume"], ["demo-1", "demo-2", "lab-campaign-3", "latest"], ["demo-1", "demo-2"],
                    ["demo-2", "latest"], ["mine.json"], ["tokyo-validate"], ["parquet"], ["--detach"],
                ]
            )
        }
    }

    @Test(
        "zsh and fish read their scripts",
        .timeLimit(.minutes(1)),
        arguments: [("zsh", "-n"), ("fish", "--no-execute")]
    )
    func others(shell: String, option: String) async throws {
        try await withTemporaryFolder { folder in
            let result = try await LatexpCommand.run(["--generate-completion-script", shell])
            #expect(result.status == 0)
            #expect(result.output.contains("latexp"))
            let file = folder + "/script"
            try result.output.write(toFile: file, atomically: true, encoding: .utf8)
            _ = try await SSHServerTools.output(shell, [option, file])
        }
    }
}
