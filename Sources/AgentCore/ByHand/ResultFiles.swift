import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The names of the files that an agent by hand writes its results to, and the place for them.
public struct ResultFiles {
    /// The results of one path.
    struct Pair: Equatable {
        var json: String
        var csv: String
    }

    private let asked: String
    private let isAlone: Bool

    /// The files of a plan that are to be called like `outputFile`; with more than one path each path's name is put
    /// before the ending.
    init(_ outputFile: String, of plan: AgentPlan) {
        asked = outputFile
        isAlone = plan.paths.count == 1
    }

    /// A path's files: `x.json` and `x.csv` whichever of the two was asked for; another name stays as it is, with
    /// `.csv` beside it.
    func pair(_ path: String) -> Pair {
        let dot = Self.endingStart(asked)
        let stem = asked[..<dot] + (isAlone ? "" : "-\(path)")
        let ending = String(asked[dot...])
        return Pair(json: stem + (ending.lowercased() == ".csv" ? ".json" : ending), csv: stem + ".csv")
    }

    /// Looks before a measurement whether its results can be written after it; nothing is left behind.
    ///
    /// - Throws: `AgentError` `badPlan` with the system's reason.
    public static func check(_ plan: AgentPlan) throws {
        guard let outputFile = plan.outputFile else { return }
        guard !outputFile.isEmpty else {
            throw AgentError(.badPlan, "--output-file is empty; name a file, such as results.json")
        }
        for path in plan.paths {
            let pair = ResultFiles(outputFile, of: plan).pair(path.name)
            for file in [pair.json, pair.csv] { try check(file) }
        }
    }

    private static func check(_ file: String) throws {
        func refuse(_ code: Int32) -> AgentError {
            AgentError(.badPlan, "the results cannot be written to \(file): \(systemMessage(code)) (--output-file)")
        }
        var facts = stat()
        if file.hasSuffix("/") || stat(file, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR { throw refuse(EISDIR) }
        let probe = "\(file).\(getpid()).try"
        let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refuse(errno) }
        close(descriptor)
        unlink(probe)
    }

    /// Moves an earlier run's files out of the way: `results.json` to `results.1.json` and so on, both by one number.
    ///
    /// - Returns: what to say of it; nil when there was nothing.
    /// - Throws: `AgentError` `file`.
    static func keepEarlier(_ pair: Pair) throws -> String? {
        let both: [String] = [pair.json, pair.csv]
        let there = both.filter { access($0, F_OK) == 0 }
        guard !there.isEmpty else { return nil }
        for number in 1..<10_000 {
            let names = both.map { numbered($0, number) }
            guard names.allSatisfy({ access($0, F_OK) != 0 }) else { continue }
            for file in there where rename(file, numbered(file, number)) != 0 {
                throw AgentError(.file, "cannot move \(file) out of the way: \(systemMessage(errno))")
            }
            let kept = there.map { "\($0) as \(numbered($0, number))" }.joined(separator: ", ")
            return "earlier results are kept: \(kept)"
        }
        throw AgentError(.file, "there are too many earlier files beside \(pair.json)")
    }

    private static func numbered(_ file: String, _ number: Int) -> String {
        let dot = endingStart(file)
        return file[..<dot] + ".\(number)" + file[dot...]
    }

    /// Where a file's ending begins, with its dot; the end of the name where there is none.
    private static func endingStart(_ file: String) -> String.Index {
        file.lastIndex(of: ".").flatMap { file[$0...].contains("/") ? nil : $0 } ?? file.endIndex
    }
}
