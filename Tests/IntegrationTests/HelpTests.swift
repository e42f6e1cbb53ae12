import Foundation
import TestSupport
import Testing

/// What `--help` prints, as recorded; a change of it is to be read by somebody.
struct HelpTests {
    private static let commands = [
        [], ["run"], ["compare"], ["check"], ["phase"], ["report"], ["runs"], ["status"], ["stop"], ["resume"],
        ["export"], ["schema"],
    ]

    @Test("The help of every command of latexp is as recorded, within 80 columns", arguments: commands)
    func help(command: [String]) async throws {
        let result = try await LatexpCommand.run(["help"] + command, environment: ["COLUMNS": "80"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        expectGolden(result.output, "help-\((["latexp"] + command).joined(separator: "-")).txt")
    }

    @Test("No command is missing among those whose help is recorded")
    func everyCommand() async throws {
        let result = try await LatexpCommand.run(["--help"])
        let listed = result.output.components(separatedBy: "SUBCOMMANDS:").last ?? ""
        let names = listed.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return line.hasPrefix("  ") && !line.hasPrefix("   ") && !line.hasPrefix("  See")
                ? words.first.map(String.init) : nil
        }
        #expect(Set(names) == Set(Self.commands.flatMap { $0 }), "run, compare, … and nothing else: \(names)")
    }

    @Test("The schema that is printed is the one beside the experiments")
    func schema() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "experiments/experiment.schema.json")
        let result = try await LatexpCommand.run(["schema"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.output == String(contentsOf: file, encoding: .utf8))
    }
}
