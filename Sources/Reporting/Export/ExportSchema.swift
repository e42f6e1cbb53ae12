/// The columns of an export: one row a recorded sample, times as whole nanoseconds.
///
/// Names, types and order are a contract: columns are only ever added at the end.
public enum ExportSchema {
    /// One column.
    public struct Column: Codable, Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its type, as DuckDB and Athena both call it.
        public var type: String
        /// What it holds.
        public var meaning: String
    }

    /// Every column in order.
    public static let columns: [Column] = [
        Column(name: "run_id", type: "VARCHAR", meaning: "the run's name"),
        Column(name: "experiment", type: "VARCHAR", meaning: "the experiment's name"),
        Column(
            name: "block",
            type: "INTEGER",
            meaning: "the stretch of measuring, from 1; more than one in sequential runs"
        ),
        Column(name: "path", type: "VARCHAR", meaning: "the path's name; NULL for a lane that no path has"),
        Column(name: "path_kind", type: "VARCHAR", meaning: "direct or relay"),
        Column(name: "lane", type: "INTEGER", meaning: "the connection's number in its path, from 0"),
        Column(
            name: "connection",
            type: "INTEGER",
            meaning: "which connection of the lane, from 0: grows with reconnections"
        ),
        Column(name: "stream", type: "VARCHAR", meaning: "the exchange's name of the stream"),
        Column(name: "update_id", type: "BIGINT", meaning: "the exchange's update id (u)"),
        Column(
            name: "sequence_id",
            type: "BIGINT",
            meaning: "relay: the forwarder's sequence id; direct: the lane's count"
        ),
        Column(
            name: "event_time_ns",
            type: "BIGINT",
            meaning: "the exchange's event time (E), ns since 1970 UTC; NULL without one"
        ),
        Column(
            name: "transaction_time_ns",
            type: "BIGINT",
            meaning: "the exchange's transaction time (T), ns since 1970 UTC"
        ),
        Column(
            name: "forwarder_receive_ns",
            type: "BIGINT",
            meaning: "when the forwarder got it, its wall clock; NULL on direct paths"
        ),
        Column(
            name: "forwarder_send_ns",
            type: "BIGINT",
            meaning: "just before the forwarder sent it on, its wall clock"
        ),
        Column(
            name: "receive_ns",
            type: "BIGINT",
            meaning: "when the receiver got it, its wall clock; the kernel's time if there is one"
        ),
        Column(
            name: "receive_monotonic_ns",
            type: "BIGINT",
            meaning: "the same on the receiver's monotonic clock, for differences"
        ),
        Column(name: "receive_source", type: "VARCHAR", meaning: "kernel or user: where the receive time came from"),
        Column(name: "end_to_end_ns", type: "BIGINT", meaning: "receive_ns - event_time_ns"),
        Column(name: "relay_leg_ns", type: "BIGINT", meaning: "receive_ns - forwarder_receive_ns"),
        Column(name: "feed_leg_ns", type: "BIGINT", meaning: "forwarder_receive_ns - event_time_ns"),
        Column(
            name: "forwarder_host_delay_ns",
            type: "BIGINT",
            meaning: "the forwarder's kernel receive time to its read"
        ),
        Column(name: "host_delay_ns", type: "BIGINT", meaning: "the receiver's kernel receive time to its read"),
        Column(
            name: "in_window",
            type: "BOOLEAN",
            meaning: "whether it came in the measured window, after the warm-up"
        ),
        Column(name: "is_duplicate", type: "BOOLEAN", meaning: "whether it came before on the same lane"),
        Column(name: "is_reordered", type: "BOOLEAN", meaning: "whether a later one came before it"),
        Column(
            name: "is_counted",
            type: "BOOLEAN",
            meaning: "whether reports count it: in the window, no duplicate, on a known lane"
        ),
    ]

    /// The columns as text for a terminal of 80 columns.
    public static var text: String {
        let nameWidth = columns.map(\.name.count).max() ?? 0
        return columns.map { column in
            let name = column.name + String(repeating: " ", count: nameWidth - column.name.count)
            let type = column.type + String(repeating: " ", count: 7 - column.type.count)
            return "\(name)  \(type)  " + wrapped(column.meaning, indent: nameWidth + 11) + "\n"
        }.joined()
    }

    /// The columns as a table in Markdown, as the documentation has it.
    public static var markdown: String {
        let rows = columns.map { "| `\($0.name)` | \($0.type) | \($0.meaning) |\n" }
        return "| column | type | meaning |\n|---|---|---|\n" + rows.joined()
    }

    /// Athena's definition of a table over exports in S3, a partition a run.
    ///
    /// - Parameter location: the folder in S3 that holds the `run=…` folders.
    public static func athenaTable(location: String) -> String {
        let types = ["VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "BOOLEAN": "boolean"]
        let fields = columns.map { "  `\($0.name)` \(types[$0.type] ?? $0.type)" }.joined(separator: ",\n")
        let folder = location.hasSuffix("/") ? location : location + "/"
        return """
            CREATE EXTERNAL TABLE latexp_samples (
            \(fields)
            )
            PARTITIONED BY (`run` string)
            STORED AS PARQUET
            LOCATION '\(folder)';

            -- Finds the run=… folders; again whenever there are new ones.
            MSCK REPAIR TABLE latexp_samples;

            """
    }

    private static func wrapped(_ text: String, indent: Int) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if !lines[lines.count - 1].isEmpty, indent + lines[lines.count - 1].count + 1 + word.count > 80 {
                lines.append("")
            }
            lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
