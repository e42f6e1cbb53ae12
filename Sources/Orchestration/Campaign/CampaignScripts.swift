/// The scripts of detached campaigns: POSIX shell, arguments as `$1`, `$2`, nothing pasted in.
enum CampaignScripts {
    /// The host's time, seconds since 1970 UTC.
    static let now = "date +%s"

    /// Removes the supervisor's directory `$1`, and `$2` above it when nothing else is in it.
    static let remove = HostScripts.remove
}
