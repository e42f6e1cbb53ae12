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
        .varchar("run_id", "the run's name"),
        .varchar("experiment", "the experiment's name"),
        .integer("block", "the stretch of measuring, from 1; more than one in sequential runs"),
        .varchar("path", "the path's name; NULL for a lane that no path has"),
        .varchar("path_kind", "direct or relay"),
        .integer("lane", "the connection's number in its path, from 0"),
        .integer("connection", "which connection of the lane, from 0: grows with reconnections"),
        .varchar("stream", "the exchange's name of the stream"),
        .bigint("update_id", "the exchange's update id (u)"),
        .bigint("sequence_id", "relay: the forwarder's sequence id; direct: the lane's count"),
        .bigint("event_time_ns", "the exchange's event time (E), ns since 1970 UTC; NULL without one"),
        .bigint("transaction_time_ns", "the exchange's transaction time (T), ns since 1970 UTC"),
        .bigint("forwarder_receive_ns", "when the forwarder got it, its wall clock; NULL on direct paths"),
        .bigint("forwarder_send_ns", "just before the forwarder sent it on, its wall clock"),
        .bigint("receive_ns", "when the receiver got it, its wall clock; the kernel's time if there is one"),
        .bigint("receive_monotonic_ns", "the same on the receiver's monotonic clock, for differences"),
        .varchar("receive_source", "kernel or user: where the receive time came from"),
        .bigint("end_to_end_ns", "receive_ns - event_time_ns"),
        .bigint("relay_leg_ns", "receive_ns - forwarder_receive_ns"),
        .bigint("feed_leg_ns", "forwarder_receive_ns - event_time_ns"),
        .bigint("forwarder_host_delay_ns", "the forwarder's kernel receive time to its read"),
        .bigint("host_delay_ns", "the receiver's kernel receive time to its read"),
        .boolean("in_window", "whether it came in the measured window, after the warm-up"),
        .boolean("is_duplicate", "whether it came before on the same lane"),
        .boolean("is_reordered", "whether a later one came before it"),
        .boolean("is_counted", "whether reports count it: in the window, no duplicate, on a known lane"),
    ]

    /// The columns as text for a terminal of 80 columns.
    public static var text: String {
        let nameWidth = columns.map(\.name.count).max() ?? 0
        return columns.map { column in
            let name = column.name + String(repeating: " ", count: nameWidth - column.name.count)
            let type = column.type + String(repeating: " ", count: 7 - column.type.count)
            let lines = TextWrap.lines(column.meaning, width: 80, first: "\(name)  \(type)  ")
            return lines.joined(separator: "\n") + "\n"
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
}

extension ExportSchema.Column {
    fileprivate static func varchar(_ name: String, _ meaning: String) -> Self {
        Self(name: name, type: "VARCHAR", meaning: meaning)
    }

    fileprivate static func integer(_ name: String, _ meaning: String) -> Self {
        Self(name: name, type: "INTEGER", meaning: meaning)
    }

    fileprivate static func bigint(_ name: String, _ meaning: String) -> Self {
        Self(name: name, type: "BIGINT", meaning: meaning)
    }

    fileprivate static func boolean(_ name: String, _ meaning: String) -> Self {
        Self(name: name, type: "BOOLEAN", meaning: meaning)
    }
}
