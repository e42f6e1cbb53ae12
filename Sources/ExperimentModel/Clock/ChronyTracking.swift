/// What `chronyc -c tracking` said of a host's clock at one moment.
public struct ChronyTracking: Codable, Hashable, Sendable {
    /// The reference's identifier in hexadecimal; `7F7F0101` is the machine's own clock, `00000000` none.
    public var referenceID: String
    /// The reference's name or address.
    public var referenceName: String
    /// The NTP stratum; 0 when unsynchronised.
    public var stratum: Int
    /// When the last measurement of the reference was processed, seconds since 1970 UTC.
    public var referenceTimeSeconds: Double
    /// How far the system clock is **behind** true time as chrony estimates it, seconds: positive is slow.
    ///
    /// chronyc prints the same figure in words, "slow of NTP time" when positive.
    public var systemOffsetSeconds: Double
    /// The offset found at the last update, seconds.
    public var lastOffsetSeconds: Double
    /// The long-term average of the offset, seconds.
    public var rmsOffsetSeconds: Double
    /// How fast the clock would drift uncorrected, parts per million.
    public var frequencyPPM: Double
    /// How fast the reference seems to drift against the clock that is corrected for `frequencyPPM`, parts per million;
    /// nil in records of earlier versions.
    public var residualPPM: Double?
    /// The estimated error bound of the frequency, parts per million.
    public var skewPPM: Double
    /// The sum of the round-trip delays to the primary reference, seconds.
    public var rootDelaySeconds: Double
    /// The accumulated dispersion to the primary reference, seconds.
    public var rootDispersionSeconds: Double
    /// The interval between the last two updates, seconds.
    public var updateIntervalSeconds: Double
    /// `Normal`, `Insert second`, `Delete second` or `Not synchronised`.
    public var leapStatus: String

    /// Reads one line of `chronyc -c tracking`: 14 values between commas (chrony 4, `client.c`, `process_cmd_tracking`).
    ///
    /// - Throws: `ExperimentError` `malformed` with the line when it is anything else.
    public init(csv line: String) throws {
        let fields = line.trimmed.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let numbers = fields.map { Double($0) ?? .nan }
        guard
            fields.count >= 14, let stratum = Int(fields[2]), (0...16).contains(stratum),
            !fields[13].isEmpty, (3...12).allSatisfy({ numbers[$0].isFinite })
        else {
            throw ExperimentError(
                .malformed,
                "chronyc -c tracking gave no line of 14 values but: \(line.trimmed.prefix(200))"
            )
        }
        self.referenceID = fields[0]
        self.referenceName = fields[1]
        self.stratum = stratum
        self.referenceTimeSeconds = numbers[3]
        self.systemOffsetSeconds = numbers[4]
        self.lastOffsetSeconds = numbers[5]
        self.rmsOffsetSeconds = numbers[6]
        self.frequencyPPM = numbers[7]
        self.residualPPM = numbers[8]
        self.skewPPM = numbers[9]
        self.rootDelaySeconds = numbers[10]
        self.rootDispersionSeconds = numbers[11]
        self.updateIntervalSeconds = numbers[12]
        self.leapStatus = fields[13]
    }

    /// Whether chronyd follows a source.
    public var isSynchronised: Bool { leapStatus != "Not synchronised" && stratum > 0 && referenceID != "00000000" }

    /// Whether the reference is this machine's own clock (`local` in chrony.conf), which proves nothing.
    public var isLocalReference: Bool { referenceID.hasPrefix("7F7F") }

    /// The hard limit on the clock's error: abs(offset) + root dispersion + root delay / 2, seconds.
    ///
    /// The maximum error of NTP's RFC 5905 section 11.1 (root distance), with the part of the offset that chrony is
    /// still slewing away.
    public var boundSeconds: Double { abs(systemOffsetSeconds) + rootDispersionSeconds + rootDelaySeconds / 2 }
}

/// A reading of a host's clock state, with the moment it was taken.
public struct ClockReading: Codable, Hashable, Sendable {
    /// When, on the host's own clocks.
    public var at: Timestamp
    /// What chrony said; nil when it could not be asked.
    public var tracking: ChronyTracking?
    /// The error bound of the host's own hardware clock, nanoseconds, as Amazon's network driver gives it
    /// (`phc_error_bound` of the ENA driver); nil where there is none.
    public var phcErrorNs: Int64?
    /// Why there is no answer, or nil.
    public var failure: String?

    /// A reading.
    public init(at: Timestamp, tracking: ChronyTracking?, failure: String? = nil, phcErrorNs: Int64? = nil) {
        self.at = at
        self.tracking = tracking
        self.failure = failure
        self.phcErrorNs = phcErrorNs
    }

    /// The hard limit on the clock's error, seconds; nil without chrony's answer.
    ///
    /// Where chrony follows a hardware clock of the host (reference `PHC0` and the like) it takes that clock for exact; the
    /// driver's own bound is added, as in aws/clock-bound.
    public var boundSeconds: Double? {
        guard let tracking else { return nil }
        let isHardware = tracking.referenceName.uppercased().hasPrefix("PHC")
        return tracking.boundSeconds + (isHardware ? Double(phcErrorNs ?? 0) / 1e9 : 0)
    }

    /// How fast the bound may grow until the next reading, seconds a second: what chrony assumes of any clock (1 ppm, its
    /// `maxclockerror`), its own doubt about this one's frequency, and what of that it has not corrected, as chrony lets
    /// its root dispersion grow between two updates (`reference.c`, `get_root_dispersion`).
    public var driftRate: Double {
        (1 + max(0, tracking?.skewPPM ?? 0) + abs(tracking?.residualPPM ?? 0)) / 1e6
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        guard let end = lastIndex(where: { !$0.isWhitespace }), start != endIndex else { return "" }
        return String(self[start...end])
    }
}
