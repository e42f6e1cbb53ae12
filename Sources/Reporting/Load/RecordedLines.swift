import Foundation

/// The lines of a file that an agent appends to; those that turn out to be none of its own are counted, to be named.
struct RecordedLines {
    /// The lines, without empty ones.
    let lines: [ArraySlice<UInt8>]
    private let endsWithLine: Bool
    /// The numbers of the lines that were rejected, from 1.
    private var rejected: [Int] = []

    init(_ data: Data) {
        let octets = [UInt8](data)
        lines = octets.split(separator: UInt8(ascii: "\n"))
        endsWithLine = octets.last == UInt8(ascii: "\n")
    }

    /// Notes that a line is not what it should be.
    ///
    /// A last one that was cut short is none of those: the agent ended while it wrote.
    mutating func reject(_ index: Int) {
        let isTorn = index == lines.count - 1 && !endsWithLine && lines[index].first == UInt8(ascii: "{")
        if !isTorn { rejected.append(index + 1) }
    }

    /// What is wrong with the file, in words that follow its name; nil when no line was rejected.
    ///
    /// - Parameters:
    ///   - what: what the first of those lines is.
    ///   - consequence: what that leads to.
    func fault(_ what: String, _ consequence: String) -> String? {
        guard let first = rejected.first else { return nil }
        let more = rejected.count > 1 ? ", nor are \(rejected.count - 1) more of its \(lines.count) lines" : ""
        return "line \(first) is \(what)\(more): \(consequence)"
    }
}
