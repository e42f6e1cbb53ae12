import Foundation

/// An analysis or a comparison as JSON with sorted keys, so that two of them can be compared line by line.
public enum JSONReport {
    /// The value as JSON, with a line end.
    ///
    /// - Throws: `EncodingError` for a number that JSON cannot hold.
    public static func render(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
