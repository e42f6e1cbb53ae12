import ArgumentParser
import Foundation
import Orchestration

extension CompletionKind {
    /// Experiment files: JSON.
    static var experiments: CompletionKind { .file(extensions: ["json", "json5"]) }

    /// The names of runs and campaigns in the folder that `--runs` names on the line, or `runs`; and `latest`.
    static var runs: CompletionKind {
        .custom { words, _, _ in
            var folder = "runs"
            for (index, word) in words.enumerated() {
                if word == "--runs", index + 1 < words.count { folder = words[index + 1] }
                if word.hasPrefix("--runs=") { folder = String(word.dropFirst("--runs=".count)) }
            }
            let names = RunStore(path: folder).directories().map(\.id).sorted()
            return names.isEmpty ? [] : names + ["latest"]
        }
    }
}
