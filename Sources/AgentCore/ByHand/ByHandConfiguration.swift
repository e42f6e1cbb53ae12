import ExperimentModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The two configuration files of an agent that is started by hand.
///
/// `tokyo-config.json` of a forwarder and `frankfurt-config.json` of a receiver, in one type: every key is optional, flags win over
/// the file, and unknown keys are errors.
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
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw AgentError(.badPlan, "the configuration file \(path) cannot be read")
        }
        let known = CodingKeys.allCases.map(\.rawValue)
        do {
            guard case .object(let values) = try JSONValue(json5: data) else {
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
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            return try decoder.decode(ByHandConfiguration.self, from: data)
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.badPlan, "\(path) is not a configuration file: \(error)")
        }
    }
}
