import ExperimentModel
import Foundation

/// Says in words what an agent's log says in JSON, for people who read a message.
enum AgentLogText {
    /// A line for a person; what is no JSON, such as a shell's complaint, stays as it is.
    static func text(_ line: some StringProtocol) -> String {
        guard let tree = try? JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8)) else {
            return String(line)
        }
        var fields = tree.compactMapValues(text)
        let time = fields.removeValue(forKey: "wallNs").flatMap(Int64.init).map(timeOfDay)
        let level = fields.removeValue(forKey: "level").flatMap { $0 == "info" ? nil : $0 }
        let event = fields.removeValue(forKey: "event").map(words)
        let lane = fields.removeValue(forKey: "lane")
        // What says most comes last, since it is long.
        let last = ["reason", "answer", "details"].compactMap { fields.removeValue(forKey: $0) }
        let rest = fields.sorted { $0.key < $1.key }.map { "\(words($0.key)) \($0.value)" }
        let head = [time, level.map { "\($0):" }, lane, event].compactMap { $0 }.joined(separator: " ")
        let tail = (rest + last).joined(separator: ", ")
        return tail.isEmpty ? head : "\(head): \(tail)"
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .number(let number): Int64(exactly: number).map(String.init) ?? "\(number)"
        case .bool(let flag): "\(flag)"
        default: nil
        }
    }

    /// `relay.congestionControl` as `relay congestion control`.
    private static func words(_ name: String) -> String {
        var text = ""
        for character in name {
            if character == "." {
                text += " "
            } else if character.isUppercase {
                text += " " + character.lowercased()
            } else {
                text.append(character)
            }
        }
        return text
    }

    /// Hours, minutes and seconds, UTC.
    private static func timeOfDay(_ wallNs: Int64) -> String {
        let seconds = wallNs / 1_000_000_000 % 86_400
        return String(format: "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}
