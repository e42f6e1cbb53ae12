import AgentCore
import ArgumentParser
import ExperimentModel
import WireTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a role and turns its end into an exit status.
enum AgentProcess {
    /// Runs the plan in `planPath`, or the one that `byHand` makes.
    static func run(planPath: String?, byHand: () throws -> AgentPlan) throws {
        TLSMemory.keepSpareBlock()
        let plan: AgentPlan
        let directory: String
        do {
            plan = try planPath.map { try PlanFile.read(path: $0) } ?? byHand()
            // Before an hour is measured for a file that cannot be written.
            if planPath == nil { try ResultFiles.check(plan) }
            directory = try planPath == nil ? RunFolder.make(for: plan) : "."
        } catch {
            say("\(error)")
            throw ExitCode(2)
        }
        let isByHand = planPath == nil
        do {
            if isByHand { say("log, status and samples are kept in ./\(directory)") }
            let progress = ByHandProgress(plan: plan, say: say)
            let runner = try AgentRunner(
                plan: plan,
                directory: directory,
                progress: isByHand ? { progress.note($0) } : nil,
                notice: isByHand ? { say($0) } : nil
            )
            let summary = try runner.run()
            let isWhole = try !isByHand || present(summary, directory: directory)
            if summary.state == .failed { say(summary.reason) }
            if summary.state == .failed || !isWhole { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch let error as AgentError where error.code == .badPlan {
            say("\(error)")
            throw ExitCode(2)
        } catch {
            say("\(error)")
            throw ExitCode(1)
        }
    }

    /// Writes the results of an agent by hand and says them; whether all was recorded and written.
    private static func present(_ summary: AgentSummary, directory: String) throws -> Bool {
        let outcome = try ByHandResults.write(summary, directory: directory)
        for line in outcome.lines { say(line) }
        if let failure = outcome.failure {
            say("\(failure); `latexp-agent results \(directory)` writes them from the samples, which are kept")
        }
        return outcome.failure == nil && summary.samplesNotWritten == 0 && summary.recordingFailure == nil
    }

    /// Writes a line for a person; whether anybody reads it makes no difference.
    static func say(_ message: String) {
        let line = Array("latexp-agent: \(message)\n".utf8)
        _ = write(2, line, line.count)
    }
}
