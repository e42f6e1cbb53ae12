import ArgumentParser
import Orchestration

/// Where Amazon's list of its address ranges comes from.
struct AddressRangesOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "AWS's list of its address ranges, to say whether the exchange's servers are AWS's: a file, or `fetch`.",
            discussion: """
                `fetch` has curl get https://ip-ranges.amazonaws.com/ip-ranges.json. The list is kept as ip-ranges.json in the \
                run's directory; one in the directory that holds the runs serves all of them, also while they run. Without a list \
                it is unknown whose the addresses are, and the report says so.
                """,
            valueName: "file"
        )
    )
    var ipRanges: String?

    /// Puts the list into the run's directory, if one was named.
    func place(in directory: RunDirectory) async throws {
        guard let ipRanges else { return }
        try await AddressRangesFile.place(ipRanges, in: directory)
    }
}
