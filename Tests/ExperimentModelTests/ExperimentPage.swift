import ExperimentModel

/// The page of the documentation about the experiment file, made from `ExperimentKeys`.
enum ExperimentPage {
    /// The page's Markdown, with an example of a whole file.
    static func text(example: String) -> String {
        let title = """
            # The experiment file

            Every key, what it takes, what is taken without it, and what it means.

            ## Overview

            An experiment is a file of JSON, read as JSON5: comments, trailing commas and keys without quotes are fine. An unknown key is an
            error that names the nearest known one. All that is wrong with a file is reported at once, before anything is started;
            `latexp check FILE` goes on to look at the hosts.

            Lengths of time are text with a unit: `250ms`, `300s`, `1.5m`, `2h`. The units are `ns`, `us`, `ms`, `s`, `m`, `h` and `d`, and the
            longest length is 100 years.

            `"$schema": "experiment.schema.json"` makes editors complete and check keys. `latexp schema` prints that schema.

            The main experiment, `experiments/backbone.json`:


            """
        let code = "```json\n" + example + "```\n"
        let note = """

            This page is made from the table that the reader itself goes by (`ExperimentKeys`), and tests hold both against each other.
            *Required* means that the file cannot be without the key.

            """
        return title + code + note + sections(ExperimentKeys.root)
    }

    private static func sections(_ object: ExperimentObject) -> String {
        section(object) + object.keys.compactMap(\.object).map(sections).joined()
    }

    private static func section(_ object: ExperimentObject) -> String {
        let heading = object.place.isEmpty ? "The file itself" : object.place.replacing("[]", with: ", each")
        let rows = object.keys.map { key in
            "| `\(key.name)` | \(takes(key)) | \(without(key)) | \(key.meaning) |"
        }
        let rules = object.rules.isEmpty ? [] : [""] + object.rules.map { "- \($0)" }
        let head = [
            "", "## \(heading)", "", object.meaning, "", "| key | takes | without it | meaning |",
            "| :-- | :-- | :-- | :-- |",
        ]
        return (head + rows + rules).joined(separator: "\n") + "\n"
    }

    private static func takes(_ key: ExperimentKey) -> String {
        let words: String =
            switch key.kind {
            case .text: "text"
            case .flag: "`true` or `false`"
            case .number(let limits): "number, \(number(limits.lowerBound)) to \(number(limits.upperBound))"
            case .wholeNumber(let limits):
                "whole number, \(number(Double(limits.lowerBound))) to \(number(Double(limits.upperBound)))"
            case .seed: "whole number, 0 or more"
            case .timeSpan(let least, let most): "time" + limits(least, most)
            case .texts(let count?, _):
                "list of \(number(Double(count.lowerBound))) to \(number(Double(count.upperBound))) texts"
            case .texts: "list of texts"
            case .textMap: "object of texts"
            case .choice(let choices): choices.map { "`\($0)`" }.joined(separator: ", ")
            case .object: "object, below"
            case .list: "list of objects, below"
            case .inventory: "object of hosts by name, below, or `{\"inventory\": FILE}` with a file that holds one"
            }
        return key.unit.map { "\(words) (\($0))" } ?? words
    }

    private static func without(_ key: ExperimentKey) -> String {
        if key.isRequired { return "required" }
        return switch key.standard {
        case .string(let text)?: "`\(text)`"
        case .bool(let flag)?: "`\(flag)`"
        case .number(let value)?: number(value)
        default: "-"
        }
    }

    private static func limits(_ least: TimeSpan, _ most: TimeSpan?) -> String {
        let from = least.ns == 0 ? nil : least.ns == 1 ? "more than 0" : "\(short(least)) or more"
        switch (from, most) {
        case (nil, nil): return ""
        case (let from?, nil): return ", \(from)"
        case (nil, let most?): return ", at most \(short(most))"
        case (let from?, let most?):
            return least.ns == 1 ? ", \(from), at most \(short(most))" : ", \(short(least)) to \(short(most))"
        }
    }

    /// The length in days or hours where it is a whole number of them.
    private static func short(_ span: TimeSpan) -> String {
        for (unit, seconds) in [("d", 86_400), ("h", 3_600)] as [(String, Int64)]
        where span.ns > 0 && span.ns % (seconds * 1_000_000_000) == 0 {
            return "`\(span.ns / (seconds * 1_000_000_000))\(unit)`"
        }
        return "`\(span)`"
    }

    /// A number with commas between its thousands.
    private static func number(_ value: Double) -> String {
        guard let whole = Int(exactly: value) else { return "\(value)" }
        let digits = Array(String(whole.magnitude).reversed())
        let groups = stride(from: 0, to: digits.count, by: 3).map { String(digits[$0..<min($0 + 3, digits.count)]) }
        return (whole < 0 ? "-" : "") + String(groups.joined(separator: ",").reversed())
    }
}
