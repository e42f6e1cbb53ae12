/// A fault that a client asks the simulated exchange for, so that one exchange can be broken for one run and whole for
/// others.
///
/// The path says so: `/mute/public/stream?streams=…` in place of `/public/stream?streams=…`.
enum ExchangeFaultPath: String, CaseIterable, Sendable {
    /// The connection and its subscriptions are taken, and no event ever comes.
    case mute
    /// Events come with their last octet missing: no valid JSON.
    case torn
    /// Events say that they are from an hour later.
    case ahead

    /// How much later than now events say that they are from, nanoseconds.
    var shiftNs: Int64 { self == .ahead ? 3_600_000_000_000 : 0 }

    /// Takes the fault off a request's path; nil for a path that asks for none.
    static func split(_ path: String) -> (fault: ExchangeFaultPath?, path: String) {
        for fault in allCases where path.hasPrefix("/\(fault.rawValue)/") {
            return (fault, String(path.dropFirst(fault.rawValue.count + 1)))
        }
        return (nil, path)
    }
}
