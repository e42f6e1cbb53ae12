import Foundation

/// A command that the README shows, with the lines that it is said to print.
struct ReadmeExample: CustomStringConvertible {
    /// What follows the prompt.
    var command: String
    /// The lines shown; nil stands for any number of lines (`...`).
    var lines: [String?]

    var description: String { "$ \(command)" }

    /// The examples of a Markdown text, in their order: fenced blocks whose lines begin with `$ `.
    static func all(in markdown: String) -> [ReadmeExample] {
        var found: [ReadmeExample] = []
        for (index, block) in markdown.components(separatedBy: "```").enumerated() where index % 2 == 1 {
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
            guard lines.first?.hasPrefix("$ ") == true else { continue }
            for line in lines {
                if line.hasPrefix("$ ") {
                    found.append(ReadmeExample(command: String(line.dropFirst(2)), lines: []))
                } else {
                    found[found.count - 1].lines.append(line == "..." ? nil : String(line))
                }
            }
        }
        return found
    }

    /// The first line shown that the output does not have at its place; nil when it has all of them.
    ///
    /// Numbers, names of runs and the width of columns differ from one run to the next: they count as alike. Lines that follow
    /// each other in the README must do so in the output, unless `...` stands between them.
    func firstMissing(in output: String) -> String? {
        let printed = output.split(separator: "\n").map { Self.shape($0) }.filter { !$0.isEmpty }
        var position = 0
        var isAnywhere = true
        for line in lines {
            guard let line else {
                isAnywhere = true
                continue
            }
            let shape = Self.shape(line)
            if shape.isEmpty { continue }
            let candidates = isAnywhere ? printed[position...] : printed[position...].prefix(1)
            guard let found = candidates.firstIndex(of: shape) else { return line }
            position = found + 1
            isAnywhere = false
        }
        return nil
    }

    /// A line with every number as `#` and each run of blanks as one.
    private static func shape(_ line: some StringProtocol) -> String {
        var shape = ""
        for character in line {
            switch character {
            case "0"..."9", "#": if shape.last != "#" { shape.append("#") }
            case ".", ",": if shape.last != "#" { shape.append(character) }
            case "+", "-", "−", "~": if shape.last == " " { continue } else { shape.append(character) }
            case " ": if shape.last != " " { shape.append(" ") }
            default: shape.append(character)
            }
        }
        return shape.trimmingCharacters(in: .whitespaces)
    }
}
