import AgentCore
import ArgumentParser
import ExperimentModel

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
        let plan: AgentPlan
        let directory: String
        do {
            plan = try planPath.map { try PlanFile.read(path: $0) } ?? byHand()
            directory = try planPath == nil ? ByHandPlan.makeDirectory(for: plan) : "."
        } catch {
            complain("\(error)")
            throw ExitCode(2)
        }
        do {
            let summary = try AgentRunner(plan: plan, directory: directory).run()
            if planPath == nil { try ByHandResults.write(summary, directory: directory) }
            if summary.state == .failed {
                complain(summary.reason)
                throw ExitCode(1)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
    }

    private static func complain(_ message: String) {
        let line = Array("latexp-agent: \(message)\n".utf8)
        _ = write(2, line, line.count)
    }
}
