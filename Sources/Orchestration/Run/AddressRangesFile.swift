import Foundation
import Reporting
import Subprocess

/// Amazon's list of its address ranges, brought into a run's directory.
public enum AddressRangesFile {
    /// What stands for the list as Amazon publishes it, instead of a file.
    public static let fetched = "fetch"
    private static let source = "https://ip-ranges.amazonaws.com/ip-ranges.json"
    /// The list has some 2 MB.
    private static let mostOctets = 1 << 25

    /// Copies the list from a file, or from Amazon, into the run's directory; only what can be read as such a list is
    /// kept.
    ///
    /// - Throws: `OrchestrationError` `storage` when it cannot be had, `ReportingError` `malformed` when it is no such
    ///   list.
    public static func place(_ origin: String, in directory: RunDirectory) async throws {
        let data = try await origin == fetched ? fetch() : read(origin)
        _ = try AddressRanges(data, name: origin == fetched ? source : origin)
        try directory.write(data, to: AddressRanges.fileName)
    }

    private static func read(_ path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw OrchestrationError(.storage, "cannot read \(path): \(error.localizedDescription)", cause: error)
        }
    }

    private static func fetch() async throws -> Data {
        do {
            let result = try await run(
                .name("curl"),
                arguments: ["--fail", "--silent", "--show-error", "--location", "--max-time", "60", source],
                output: .bytes(limit: mostOctets),
                error: .string(limit: 4_096)
            )
            guard result.terminationStatus.isSuccess else {
                throw OrchestrationError(.storage, "curl could not fetch \(source): \(result.standardError)")
            }
            return Data(result.standardOutput)
        } catch let error as OrchestrationError {
            throw error
        } catch {
            throw OrchestrationError(
                .storage,
                "cannot fetch \(source) with curl: \(error); get it elsewhere and name the file",
                cause: error
            )
        }
    }
}
