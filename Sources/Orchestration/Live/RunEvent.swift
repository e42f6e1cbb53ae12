import ExperimentModel
import Foundation

/// Something that happened in a run, as one line of JSON with the member `event`.
public enum RunEvent: Sendable {
    /// A run has its directory.
    case runBegan(run: String, directory: String, version: String)
    /// A phase begins.
    case phaseBegan(String)
    /// Something was checked.
    case checked(CheckRecord)
    /// A phase waits for something.
    case waiting(String)
    /// Hosts do not answer, with words that follow their names; none: all answer again.
    case unanswered([String: String])
    /// A look at the agents.
    case live(LiveView)
    /// A phase ended.
    case phaseEnded(PhaseRecord)

    /// The event as a line, without its end.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every value in here is a string, an integer or a finite number: nothing that JSON cannot say.
        guard let data = try? encoder.encode(JSONValue.object(members)) else { return #"{"event":"unreadable"}"# }
        return String(decoding: data, as: UTF8.self)
    }

    private var members: [String: JSONValue] {
        switch self {
        case .runBegan(let run, let directory, let version):
            [
                "event": .string("run"), "run": .string(run), "directory": .string(directory),
                "version": .string(version),
            ]
        case .phaseBegan(let name): ["event": .string("phase began"), "phase": .string(name)]
        case .checked(let check):
            [
                "event": .string("checked"), "host": check.host.map { .string($0) } ?? .null,
                "check": .string(check.name), "outcome": .string(check.outcome.rawValue),
                "detail": .string(check.detail),
            ]
        case .waiting(let text): ["event": .string("waiting"), "text": .string(text)]
        case .unanswered(let hosts):
            ["event": .string("unanswered"), "hosts": .object(hosts.mapValues { .string($0) })]
        case .live(let view): LiveFigures(view).members
        case .phaseEnded(let phase):
            [
                "event": .string("phase ended"), "phase": .string(phase.name),
                "outcome": .string((phase.outcome ?? .passed).rawValue),
                "seconds": .number(max(0, (phase.endedSeconds ?? phase.beganSeconds) - phase.beganSeconds)),
            ]
        }
    }
}

extension LiveFigures {
    /// The figures with their units in their names.
    fileprivate var members: [String: JSONValue] {
        func number(_ value: Double?) -> JSONValue { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
        let paths = self.paths.map { path in
            JSONValue.object([
                "path": .string(path.name), "lanes": .number(Double(path.lanes)),
                "streaming": .number(Double(path.streaming)), "ratePerSecond": number(path.ratePerSecond),
                "events": .number(Double(path.events)), "p50Ms": number(path.p50Ms), "p99Ms": number(path.p99Ms),
                "missing": .number(Double(path.missing)), "reconnects": .number(Double(path.reconnects)),
            ])
        }
        return [
            "event": .string("live"), "phase": .string(view.phase), "elapsedSeconds": number(view.elapsedSeconds),
            "totalSeconds": number(view.totalSeconds), "paths": .array(paths),
            "differenceMs": number(view.receiver?.differenceMedianMs),
            "differencePairs": view.receiver?.differencePairs.map { .number(Double($0)) } ?? .null,
            "clockBoundMs": .object(view.clockBoundsMs.mapValues { number($0) }),
            "unreachableSeconds": .object(view.unreachable.mapValues { number($0) }),
        ]
    }
}
