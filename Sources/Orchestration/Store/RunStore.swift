import ExperimentModel
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the runs lie: one directory each, and `latest` pointing at the newest.
public struct RunStore: Sendable {
    /// The directory that holds the runs.
    public let root: URL

    /// The store in the directory at `path`; it is made with the first run.
    public init(path: String) {
        self.root = URL(filePath: path, directoryHint: .isDirectory)
    }

    /// Makes the directory of a new run, `<name>-<UTC time>`, and points `latest` at it.
    ///
    /// Making the directory is the lock: of two runs that begin in the same second, one gets `-2` at its end.
    ///
    /// - Parameters:
    ///   - name: the experiment's name.
    ///   - seconds: the time, seconds since 1970 UTC.
    /// - Throws: `OrchestrationError` `storage`.
    public func create(name: String, at seconds: Double) throws -> RunDirectory {
        do {
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        } catch {
            throw OrchestrationError(
                .storage,
                "cannot make the directory of runs \(root.path): \(error.localizedDescription); choose another with --runs",
                cause: error
            )
        }
        let base = "\(name)-\(Self.stamp(seconds))"
        for attempt in 1...1000 {
            let id = attempt == 1 ? base : "\(base)-\(attempt)"
            let url = root.appending(path: id, directoryHint: .isDirectory)
            if mkdir(url.path, 0o755) == 0 {
                try pointLatest(at: id)
                return RunDirectory(url: url)
            }
            guard errno == EEXIST else { throw Self.failure("cannot make \(url.path)") }
        }
        throw OrchestrationError(.storage, "\(root.path) has a thousand runs named \(base)")
    }

    /// The run that the user means by `text`: its directory, its name, a unique beginning of that, or `latest`.
    ///
    /// - Throws: `OrchestrationError` `invalidInput`, naming the candidates when there are several or none.
    public func find(_ text: String) throws -> RunDirectory {
        let asPath = RunDirectory(url: URL(filePath: text, directoryHint: .isDirectory).standardizedFileURL)
        if text.contains("/"), asPath.hasManifest { return asPath }
        let known = list()
        if text == "latest" {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: root.appending(path: "latest").path)
            if let target, let run = known.first(where: { $0.id == target }) { return run }
            guard let newest = known.first else { throw noRuns() }
            return newest
        }
        if let run = known.first(where: { $0.id == text }) { return run }
        let matches = text.isEmpty ? [] : known.filter { $0.id.hasPrefix(text) }
        if let only = matches.first, matches.count == 1 { return only }
        if asPath.hasManifest { return asPath }
        if matches.isEmpty, let run = try findInCampaigns(text) { return run }
        guard matches.isEmpty else {
            let names = matches.map { "  \($0.id)" }.joined(separator: "\n")
            throw OrchestrationError(
                .invalidInput,
                "'\(text)' may be any of these runs; give more of the name:\n\(names)"
            )
        }
        if asPath.isOfAgentByHand {
            throw OrchestrationError(
                .invalidInput,
                "\(text) is the folder of an agent that was started by hand, and no run of latexp's: "
                    + "`latexp-agent results \(text)` writes its results"
            )
        }
        guard !known.isEmpty else { throw noRuns() }
        let names = known.prefix(5).map { "  \($0.id)" }.joined(separator: "\n")
        throw OrchestrationError(.invalidInput, "no run in \(root.path) is called '\(text)'; the newest are:\n\(names)")
    }

    /// The runs that the user means by `text`: names as `find` takes them, or patterns with `*`, `?` and `[...]` as
    /// shells have them, several of either with commas between them; each run once, in the order of their names'
    /// patterns.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` for a name that is no run and a pattern that no run matches.
    public func findAll(_ text: String) throws -> [RunDirectory] {
        var found: [RunDirectory] = []
        for part in text.split(separator: ",").map(String.init) {
            var matches: [RunDirectory]
            if part.contains(where: { "*?[".contains($0) }) {
                matches = list().filter { fnmatch(part, $0.id, 0) == 0 }.sorted { $0.id < $1.id }
                guard !matches.isEmpty else {
                    throw OrchestrationError(.invalidInput, "no run in \(root.path) matches '\(part)'")
                }
            } else {
                matches = [try find(part)]
            }
            for run in matches where !found.contains(where: { $0.id == run.id }) { found.append(run) }
        }
        guard !found.isEmpty else { throw OrchestrationError(.invalidInput, "'\(text)' names no run") }
        return found
    }

    /// All runs and campaigns, the newest first by the time in their manifests; directories without a manifest are left
    /// out.
    public func list() -> [RunDirectory] {
        let runs = directories().map { (run: $0, began: Self.began($0)) }
        return runs.sorted { ($0.began, $0.run.id) > ($1.began, $1.run.id) }.map(\.run)
    }

    /// Every run and campaign, in no order: for whoever needs names only.
    public func directories() -> [RunDirectory] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.filter { $0 != "latest" }
            .map { RunDirectory(url: root.appending(path: $0, directoryHint: .isDirectory)) }
            .filter(\.hasManifest)
    }

    private static func began(_ directory: RunDirectory) -> Double {
        if directory.isCampaign { return (try? CampaignDirectory(directory).loadRecord().beganSeconds) ?? 0 }
        return (try? directory.loadRecord().beganSeconds) ?? 0
    }

    /// The one run of a campaign's slots whose name begins so; nil when there is none, or there are several.
    private func findInCampaigns(_ text: String) throws -> RunDirectory? {
        guard !text.isEmpty else { return nil }
        let runs = directories().filter(\.isCampaign).flatMap { CampaignDirectory($0).store.directories() }
        if let run = runs.first(where: { $0.id == text }) { return run }
        let matches = runs.filter { $0.id.hasPrefix(text) }
        return matches.count == 1 ? matches.first : nil
    }

    /// The time in a run's name, `yyyyMMddTHHmmssZ`.
    static func stamp(_ seconds: Double) -> String {
        UTC.text(seconds).filter { $0 != "-" && $0 != ":" }
    }

    /// Replaces the link by rename, so that there is always one.
    private func pointLatest(at id: String) throws {
        let link = root.appending(path: "latest").path
        let temporary = root.appending(path: ".latest-\(UInt32.random(in: 0 ... .max))").path
        guard symlink(id, temporary) == 0 else { throw Self.failure("cannot make the link \(temporary)") }
        guard rename(temporary, link) == 0 else {
            let error = Self.failure("cannot point \(link) at the new run")
            unlink(temporary)
            throw error
        }
    }

    private func noRuns() -> OrchestrationError {
        OrchestrationError(.invalidInput, "there are no runs in \(root.path) yet; `latexp run FILE` makes one")
    }

    private static func failure(_ what: String) -> OrchestrationError {
        OrchestrationError(.storage, "\(what): \(String(cString: strerror(errno)))")
    }
}
