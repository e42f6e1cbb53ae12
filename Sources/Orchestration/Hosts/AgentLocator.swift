import ExperimentModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// An agent's executable on the laptop.
public struct AgentFile: Hashable, Sendable {
    /// Where it is.
    public var path: String
    /// Its SHA-256, lower-case hexadecimal.
    public var sha256: String

    /// A file with its hash.
    public init(path: String, sha256: String) {
        self.path = path
        self.sha256 = sha256
    }
}

/// Finds the agent for a host's architecture.
public protocol AgentSource: Sendable {
    /// The agent that runs on `architecture` as `uname -m` names it.
    ///
    /// - Throws: `OrchestrationError` `agentUnavailable` with exact advice.
    func agent(for architecture: String) async throws -> AgentFile
}

/// Looks for agents on the laptop: the file given, the folder in `LATEXP_AGENTS`, beside latexp, then `bin/`.
///
/// In a folder, `latexp-agent-<architecture>` goes before `latexp-agent`, which counts only when it is built for the
/// architecture: the header of the file says so, whatever its name.
public struct AgentLocator: AgentSource {
    /// The file that `--agent` names.
    public var explicitFile: String?
    /// The folders to look in, in order.
    public var folders: [String]

    /// A locator.
    public init(explicitFile: String?, folders: [String]) {
        self.explicitFile = explicitFile
        self.folders = folders
    }

    /// Finds and hashes the agent.
    public func agent(for architecture: String) async throws -> AgentFile {
        let path = try find(architecture)
        return AgentFile(path: path, sha256: try await FileDigest.sha256(path))
    }

    /// Finds the agent without reading more than its header.
    func find(_ architecture: String) throws -> String {
        if let explicitFile {
            let built = try Self.examine(named: explicitFile)
            guard built == Self.canonical(architecture) else {
                throw OrchestrationError(
                    .agentUnavailable,
                    "--agent: \(explicitFile) is built for \(built), the host is \(architecture). \(Self.advice(architecture))"
                )
            }
            return explicitFile
        }
        let wanted = Self.canonical(architecture)
        for folder in folders {
            for name in ["latexp-agent-\(architecture)", "latexp-agent-\(wanted)", "latexp-agent"] {
                let path = "\(folder)/\(name)"
                guard FileManager.default.isExecutableFile(atPath: path) else { continue }
                if ExecutableHeader.architecture(path) == wanted { return path }
            }
        }
        throw OrchestrationError(
            .agentUnavailable,
            "no agent for Linux on \(architecture) in \(folders.joined(separator: ", ")). \(Self.advice(architecture))"
        )
    }

    /// Looks at the file that `--agent` names, before anything is connected.
    ///
    /// - Returns: the architecture that it is built for.
    /// - Throws: `OrchestrationError` `invalidInput` when it cannot be read, or is no Linux executable: a host's shell
    ///   would take any other file for a script.
    @discardableResult
    public static func examine(named file: String) throws -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory), !isDirectory.boolValue,
            FileManager.default.isReadableFile(atPath: file)
        else { throw OrchestrationError(.invalidInput, "--agent: there is no file \(file) that can be read") }
        guard let built = ExecutableHeader.architecture(file) else {
            throw OrchestrationError(
                .invalidInput,
                "--agent: \(file) is no Linux executable (ELF), so it cannot be an agent; infra/build makes bin/latexp-agent"
            )
        }
        return built
    }

    /// One name for each architecture: macOS says `arm64` where Linux says `aarch64`.
    static func canonical(_ architecture: String) -> String {
        switch architecture {
        case "arm64": "aarch64"
        case "amd64": "x86_64"
        default: architecture
        }
    }

    private static func advice(_ architecture: String) -> String {
        "Run `infra/build` on a Linux machine with that architecture (or in a container: "
            + "`docker run --rm -v \"$PWD\":/src -w /src --platform linux/\(architecture == "x86_64" ? "amd64" : "arm64") "
            + "swift:6.3 infra/build`), keep its bin/latexp-agent as bin/latexp-agent-\(canonical(architecture)) here, "
            + "or name the file with --agent FILE."
    }
}

/// Reads for which architecture a Linux executable is built.
enum ExecutableHeader {
    /// `x86_64`, `aarch64`, the number of another machine, or nil when the file is no ELF executable.
    static func architecture(_ path: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let header = try? handle.read(upToCount: 20), header.count == 20 else { return nil }
        let bytes = [UInt8](header)
        guard bytes[0..<4].elementsEqual([0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        // ELF header: octet 5 is 1 for little endian, e_machine stands at 18.
        let machine = bytes[5] == 1 ? Int(bytes[18]) | Int(bytes[19]) << 8 : Int(bytes[19]) | Int(bytes[18]) << 8
        switch machine {
        case 62: return "x86_64"
        case 183: return "aarch64"
        default: return "ELF machine \(machine)"
        }
    }
}

/// Hashes files of the laptop with the system's own tool.
enum FileDigest {
    /// The file's SHA-256 in lower-case hexadecimal.
    static func sha256(_ path: String) async throws -> String {
        for (tool, options) in [("sha256sum", []), ("shasum", ["-a", "256"])] {
            let result = try? await run(
                .name(tool),
                arguments: Arguments(options + ["--", path]),
                output: .string(limit: 4096),
                error: .discarded
            )
            guard let result, result.terminationStatus.isSuccess else { continue }
            // A backslash in front of the hash marks an escaped file name.
            let hash = result.standardOutput.drop { $0 == "\\" }.prefix(64)
            if hash.count == 64, hash.allSatisfy(\.isHexDigit) { return String(hash) }
        }
        throw OrchestrationError(.invalidInput, "cannot compute the SHA-256 of \(path): sha256sum and shasum failed")
    }
}
