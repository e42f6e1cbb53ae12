/// Every key that an experiment file may have: what `ExperimentReader` goes by, and what reference and JSON Schema are made from.
///
/// A key that is not here is refused as unknown. Defaults and limits are the model's own values.
/// `RECORD_GOLDENS=1 swift test --filter ExperimentReference` writes reference and schema anew after a change.
public enum ExperimentKeys {
    /// The file itself.
    public static let root = ExperimentObject(
        "",
        "What to measure.",
        [
            ExperimentKey(
                "$schema",
                .text(),
                example: "experiment.schema.json",
                "The JSON Schema, for editors; latexp does not look at it. `latexp schema` prints it."
            ),
            ExperimentKey(
                "name",
                .text(pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"),
                isRequired: true,
                example: "tokyo-frankfurt",
                "The name, with which run directories begin: 1 to 64 letters of ASCII, digits, `-`, `_` and `.`, and neither `-` "
                    + "nor `.` first."
            ),
            ExperimentKey("feed", .object(feed), isRequired: true, "The market data that is timed."),
            ExperimentKey("hosts", .inventory(host), "The machines."),
            ExperimentKey(
                "receiver",
                .text(),
                isRequired: true,
                example: "frankfurt",
                "The name of the host where every path ends."
            ),
            ExperimentKey("paths", .list(path), isRequired: true, "The ways by which the feed reaches the receiver."),
            ExperimentKey("schedule", .object(schedule), "When the paths are measured, and for how long."),
            ExperimentKey("clock", .object(clock), "How good the clocks must be before anything is measured."),
            ExperimentKey("reconnect", .object(reconnect), "How lost connections are opened again."),
            ExperimentKey(
                "relayBuffer",
                .object(relayBuffer),
                "What a forwarder keeps while its receiver is away."
            ),
            ExperimentKey("relay", .object(relay), "How relay connections over TCP are kept ready for bursts."),
            ExperimentKey("lab", .object(lab), "A simulated world on this machine, instead of hosts."),
        ],
        rules: [
            "It has either `hosts` or `lab`. A lab brings the hosts `tokyo` and `frankfurt`.",
            "`receiver`, and each path's `via`, is the name of one of the hosts.",
            "No two paths have the same name, nor, over the same transport, the same port.",
        ],
        schema: ["oneOf": [["required": ["hosts"]], ["required": ["lab"]]]]
    )
}
