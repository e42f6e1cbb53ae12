import Foundation

/// Segments that a connection's TCP sent again between two looks at it.
public struct Retransmission: Hashable, Sendable {
    /// When it was seen, nanoseconds since 1970 on the host's wall clock.
    public var wallNs: Int64
    /// The path's name.
    public var path: String
    /// The lane's number in its path.
    public var lane: Int
    /// `feed` or `relay`.
    public var purpose: String
    /// The segments.
    public var count: Int

    /// Segments sent again.
    public init(wallNs: Int64, path: String, lane: Int, purpose: String, count: Int) {
        self.wallNs = wallNs
        self.path = path
        self.lane = lane
        self.purpose = purpose
        self.count = count
    }
}

/// Reads `tcp.jsonl`, in which an agent writes the state of each connection every second: only what grew is kept.
///
/// A day of several lanes has half a million lines, nearly all of which say that nothing happened: a line is only
/// decoded when its count is another than that of the line before of the same connection.
enum RetransmissionReader {
    /// The kernel counts to 2^32.
    private static let most = Int(UInt32.max)

    private struct Line: Decodable {
        var wallNs: Int64
        var path: String
        var lane: Int
        var purpose: String
        var retransmits: Int
    }

    /// What was sent again, by a file's text; a last line that was cut short is left out, other lines of another form are
    /// named besides.
    static func read(_ text: Data) -> (retransmissions: [Retransmission], fault: String?) {
        var last: [[UInt8]: Int] = [:]
        var found: [Retransmission] = []
        var file = RecordedLines(text)
        for (index, line) in file.lines.enumerated() {
            guard let count = value("retransmits", in: line).flatMap({ Int(String(decoding: $0, as: UTF8.self)) }),
                (0...Self.most).contains(count),
                let lane = value("lane", in: line), let path = value("path", in: line),
                let purpose = value("purpose", in: line)
            else {
                file.reject(index)
                continue
            }
            let connection = Array(lane) + path + purpose
            let before = last[connection] ?? 0
            guard count != before else { continue }
            last[connection] = count
            guard let state = try? JSONDecoder().decode(Line.self, from: Data(line)),
                (0...RecordCheck.mostNs).contains(state.wallNs)
            else {
                file.reject(index)
                continue
            }
            // A new connection counts from zero again.
            let grown = count > before ? count - before : count
            guard grown > 0 else { continue }
            found.append(
                Retransmission(
                    wallNs: state.wallNs,
                    path: state.path,
                    lane: state.lane,
                    purpose: state.purpose,
                    count: grown
                )
            )
        }
        return (found, file.fault("not what an agent writes", "what TCP sent again then is not known"))
    }

    /// The text of a value from after its key to the next comma or brace; good for numbers, and to tell strings apart.
    private static func value(_ key: StaticString, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        key.withUTF8Buffer { key in
            var start = line.startIndex
            let length = key.count + 3
            while start + length < line.endIndex {
                if line[start] == UInt8(ascii: "\""), line[start + key.count + 1] == UInt8(ascii: "\""),
                    line[start + key.count + 2] == UInt8(ascii: ":"),
                    line[(start + 1)...].prefix(key.count).elementsEqual(key)
                {
                    let rest = line[(start + length)...]
                    let isEnd: (UInt8) -> Bool = { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") }
                    return rest.firstIndex(where: isEnd).map { rest[..<$0] }
                }
                start += 1
            }
            return nil
        }
    }
}
