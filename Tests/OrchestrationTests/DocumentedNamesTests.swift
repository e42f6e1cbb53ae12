import Foundation
import Testing

/// What README and articles tell people to type is there: commands, options, files, benches, modules.
@Suite("What README and articles name")
struct DocumentedNamesTests {
    private static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: top.appending(path: path), encoding: .utf8)
    }

    private static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: top.appending(path: folder).path).sorted()
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: top.appending(path: path).path)
    }

    /// All pages that are for people, by their paths.
    private static func pages() throws -> [(path: String, text: String)] {
        let articles = try names(in: "docs/latexp.docc").filter { $0.hasSuffix(".md") }.map { "docs/latexp.docc/" + $0 }
        #expect(articles.count >= 8)
        return try (["README.md", "docs/export.md", "infra/aws/README.md"] + articles).map { ($0, try text($0)) }
    }

    /// The options of what was typed, without what stands behind them.
    private static func options(in line: Substring) -> [String] {
        line.matches(of: /(?:^|[ \[])(--[a-z][a-z-]+)/).map { String($0.output.1) }
    }

    @Test("are commands of latexp with the options that they have")
    func commands() throws {
        var count = 0
        for (path, text) in try Self.pages() {
            for match in text.matches(of: /\blatexp (\w+)([^`\n#]*)/) {
                guard let help = try? Self.text("Tests/IntegrationTests/Goldens/help-latexp-\(match.output.1).txt")
                else {
                    continue
                }
                count += 1
                for option in Self.options(in: match.output.2) {
                    #expect(help.contains(option), "\(path): latexp \(match.output.1) has no \(option)")
                }
            }
        }
        #expect(count > 50)
    }

    @Test("are verbs that latexp has")
    func verbs() throws {
        let known = try Self.names(in: "Tests/IntegrationTests/Goldens").compactMap {
            $0.wholeMatch(of: /help-latexp-(\w+)\.txt/).map { String($0.output.1) }
        }
        #expect(known.count > 8)
        for (path, text) in try Self.pages() {
            for match in text.matches(of: /(?:`|    |\$ )(?:bin\/)?latexp (\w+)/) {
                let verb = String(match.output.1)
                #expect(known.contains(verb), "\(path): there is no `latexp \(verb)`")
            }
        }
    }

    @Test("are scripts and files that are there, with the options that they have")
    func files() throws {
        var count = 0
        for (path, text) in try Self.pages() {
            for match in text.matches(of: /\b((?:infra|experiments|Sources|Tests|docs)\/[\w.\/-]*\w)([^`\n#]*)/) {
                let name = String(match.output.1)
                // Made by people, or by infra/aws/up.
                guard name != "experiments/hosts.json" else { continue }
                count += 1
                #expect(Self.exists(name), "\(path): there is no \(name)")
                guard name.hasPrefix("infra/"), let script = try? Self.text(name), script.hasPrefix("#!") else {
                    continue
                }
                for option in Self.options(in: match.output.2) {
                    #expect(script.contains(option), "\(path): \(name) has no \(option)")
                }
            }
        }
        #expect(count > 50)
    }

    @Test("are links that lead somewhere")
    func links() throws {
        var count = 0
        for (path, text) in try Self.pages() {
            let folder = path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
            for match in text.matches(of: /\]\(([^):]+)\)/) {
                count += 1
                #expect(Self.exists(folder + match.output.1), "\(path): nothing is at \(match.output.1)")
            }
        }
        #expect(count > 10)
    }

    @Test("are all the benches and all the modules")
    func tables() throws {
        let readme = try Self.text("README.md")
        let benches = try Self.names(in: "infra/bench").filter { name in
            (try? Self.text("infra/bench/\(name)"))?.hasPrefix("#!") == true && !name.contains(".")
        }
        // Not the tables of what was measured.
        let list = readme.components(separatedBy: "<!-- end of the tables -->\n").last ?? ""
        #expect(Self.firstCells(of: "Benches", in: "\n## Benches\n" + list) == Set(benches))
        let modules = Set(try Self.names(in: "Sources"))
        let named = Self.firstCells(of: "Modules", in: readme).map { $0.replacing("Sources/", with: "") }
        #expect(Set(named) == modules)
        let manifest = try Self.text("Package.swift")
        for module in modules { #expect(manifest.contains("\"\(module)\""), "Package.swift does not have \(module)") }
    }

    /// What stands in backquotes in the first cells of the tables of a section.
    private static func firstCells(of section: String, in text: String) -> Set<String> {
        let body = text.components(separatedBy: "\n## \(section)\n").dropFirst().first ?? ""
        let rows =
            body.components(separatedBy: "\n## ").first?.split(separator: "\n").filter { $0.hasPrefix("| `") } ?? []
        let cells = rows.compactMap { $0.split(separator: "|").first }
        return Set(
            cells.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.output.1) } }.filter { !$0.hasSuffix("…") }
        )
    }
}
