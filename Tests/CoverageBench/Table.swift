import Foundation

/// Rows of text under each other.
struct Table {
    private let columns: [(name: String, width: Int)]
    private var lines: [String] = []
    /// Whether every row was within its limits.
    private(set) var isGood = true

    init(columns: [(String, Int)]) {
        self.columns = columns.map { ($0.0, $0.1) }
    }

    mutating func add(_ cells: [String], isGood: Bool) {
        lines.append(line(cells) + (isGood ? "" : " OUT OF LIMITS"))
        if !isGood { self.isGood = false }
    }

    func print(header: String) {
        let text = [header, line(columns.map(\.name))] + lines + [""]
        // At once, also into a pipe: the next table takes minutes.
        FileHandle.standardOutput.write(Data(text.map { $0 + "\n" }.joined().utf8))
    }

    private func line(_ cells: [String]) -> String {
        zip(cells, columns).enumerated().map { index, pair in
            let padding = String(repeating: " ", count: max(0, pair.1.width - pair.0.count))
            return index == 0 ? pair.0 + padding : padding + pair.0
        }.joined(separator: "  ")
    }

    static func percent(_ share: Double) -> String { fixed(100 * share, 1) + " %" }

    static func fixed(_ number: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", number) }
}
