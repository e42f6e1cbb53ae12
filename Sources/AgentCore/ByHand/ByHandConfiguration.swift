import ExperimentModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The two configuration files of an agent that is started by hand.
///
/// `tokyo-config.json` of a forwarder and `frankfurt-config.json` of a receiver, in one type: every key is optional,
/// flags win over the file, and unknown keys are errors.
public struct ByHandConfiguration: Codable, Sendable {
    /// Where the feed is.
    public var binanceWebSocketURL: String?
    /// The receiver's address.
    public var frankfurtPrivateIP: String?
    /// The receiver's port.
    public var frankfurtPort: Int?
    /// The longest pause between attempts to connect, seconds.
    public var reconnectMaximumDelaySeconds: Int?
    /// `baseline`, `aws-backbone` or `both`.
    public var mode: String?
    /// The port to listen on.
    public var listenPort: Int?
    /// How long to measure, seconds.
    public var durationSeconds: Int?
    /// Where the results go; a CSV file is written beside it.
    public var outputFile: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case binanceWebSocketURL = "binance_ws_url"
        case frankfurtPrivateIP = "frankfurt_private_ip"
        case frankfurtPort = "frankfurt_port"
        case reconnectMaximumDelaySeconds = "reconnect_max_delay_secs"
        case mode
        case listenPort = "listen_port"
        case durationSeconds = "duration_secs"
        case outputFile = "output_file"
    }

    /// Nothing configured.
    public init() {}

    /// Reads a configuration file (JSON5).
    ///
    /// - Throws: `AgentError` `badPlan` naming the file and every key that is not known.
    public static func read(path: String) throws -> ByHandConfiguration {
        let data = try WholeFile.data(path, what: "the configuration file")
        let known = CodingKeys.allCases.map(\.rawValue)
        do {
            guard case .object(let values) = try json(data, path: path) else {
                throw AgentError(.badPlan, "\(path) holds no JSON object")
            }
            let unknown = values.keys.filter { !known.contains($0) }.sorted()
            guard unknown.isEmpty else {
                let hints = unknown.map { key in
                    NearestName.to(key, among: known).map { "'\(key)' (did you mean '\($0)'?)" } ?? "'\(key)'"
                }
                throw AgentError(
                    .badPlan,
                    "\(path) has unknown keys: \(hints.joined(separator: ", ")); known: \(known.joined(separator: ", "))"
                )
            }
            try checkKinds(values, path: path)
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            let configuration = try decoder.decode(ByHandConfiguration.self, from: data)
            try configuration.checkLimits(path: path)
            return configuration
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.badPlan, "\(path) is not a configuration file: \(error)")
        }
    }

    private static func json(_ data: Data, path: String) throws -> JSONValue {
        do {
            let value = try JSONValue(json5: data)
            guard let fault = JSON5Fault.find(in: String(decoding: data, as: UTF8.self)) else { return value }
            throw AgentError(.badPlan, "\(path) cannot be used: \(fault)")
        } catch let error as AgentError {
            throw error
        } catch {
            let reason = JSONFaultText.text(of: error, in: data)
            throw AgentError(.badPlan, "\(path) is not JSON (JSON5: comments and trailing commas are fine): \(reason)")
        }
    }

    /// Names the key whose value is of another kind than it should be.
    private static func checkKinds(_ values: [String: JSONValue], path: String) throws {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where value != .null {
            switch CodingKeys(rawValue: name) {
            case .frankfurtPort, .reconnectMaximumDelaySeconds, .listenPort, .durationSeconds:
                if case .number(let number) = value, Int32(exactly: number) != nil { continue }
                throw AgentError(.badPlan, "\(path): \(name) must be a whole number, not \(shown(value))")
            case .binanceWebSocketURL, .frankfurtPrivateIP, .mode, .outputFile:
                if case .string = value { continue }
                throw AgentError(.badPlan, "\(path): \(name) must be text, not \(shown(value))")
            case nil: continue
            }
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): "\"\(text.prefix(60))\""
        case .number(let number): Int64(exactly: number).map(String.init) ?? "\(number)"
        case .bool(let flag): "\(flag)"
        default: value.kindName
        }
    }

    /// Refuses what the flags of the same meaning would be refused for, by the name that it has here.
    private func checkLimits(path: String) throws {
        let limits: [(CodingKeys, Int?, ClosedRange<Int>)] = [
            (.frankfurtPort, frankfurtPort, ByHandPlan.destinationPorts),
            (.listenPort, listenPort, ByHandPlan.listenPorts),
            (.durationSeconds, durationSeconds, ByHandPlan.durationsSeconds),
            (.reconnectMaximumDelaySeconds, reconnectMaximumDelaySeconds, ByHandPlan.reconnectPausesSeconds),
        ]
        for (key, value, range) in limits {
            if let value { try ByHandPlan.check(value, range, "\(path): \(key.rawValue)") }
        }
        guard let mode, ReceiveMode(rawValue: mode) == nil else { return }
        let names = ReceiveMode.allCases.map(\.rawValue).joined(separator: ", ")
        throw AgentError(
            .badPlan,
            "\(path): \(CodingKeys.mode.rawValue): there is no mode '\(mode)'; there are: \(names)"
        )
    }
}
