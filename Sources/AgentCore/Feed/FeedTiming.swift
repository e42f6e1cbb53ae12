/// The limits of a feed lane, all in nanoseconds; a parameter so that tests need not wait for a day.
struct FeedTiming {
    /// A silence after which a connection counts as dead when it carries a stream that is never that quiet.
    var silenceNs: Int64 = 5_000_000_000
    /// The same for all other streams.
    var patientSilenceNs: Int64 = 60_000_000_000
    /// How long one of BTC's streams may bring nothing from its subscription on before it is named.
    var unheardNs: Int64 = 5_000_000_000
    /// The same for all other streams.
    var patientUnheardNs: Int64 = 10_000_000_000
    /// How often all of this is looked at.
    var lookNs: Int64 = 1_000_000_000
    /// The age at which a connection is replaced: the exchange closes it after 24 h.
    var renewalNs: Int64 = (24 * 3_600 - 600) * 1_000_000_000
    /// How long the old connection may take to come as far as the next one has begun.
    var overlapNs: Int64 = 5_000_000_000
    /// How long the answer to the upgrade may take.
    var upgradeNs: Int64 = 10_000_000_000
    /// How long the answer to a request may take.
    var requestNs: Int64 = 10_000_000_000
    /// How long a connection must bring data before its loss counts as the first failure again.
    var steadyNs: Int64 = 10_000_000_000
    /// The pause after a 429 or 418 that names none.
    var refusedNs: Int64 = 60_000_000_000
    /// The longest pause that the exchange may ask for: bans last up to three days.
    var longestRefusalNs: Int64 = 3 * 86_400 * 1_000_000_000
}
