import ExperimentModel

/// Computes the results from the files that came home.
struct AnalysePhase: RunPhase {
    func name(for experiment: Experiment) -> String { "analyse" }

    func perform(in session: isolated RunSession) async throws {
        let outcome = try await session.environment.reporter.analyse(session.directory)
        session.analysis = outcome
        session.note(CheckRecord("verdict", outcome.isUsable ? .passed : .warning, outcome.verdict))
    }
}

/// Writes the reports.
struct ReportPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "report" }

    func perform(in session: isolated RunSession) async throws {
        let files = try await session.environment.reporter.report(session.directory)
        session.note(CheckRecord("files", .passed, files.joined(separator: ", ")))
    }
}
