/// Whether a clock may be measured with, and why not.
public enum ClockVerdict: Hashable, Sendable {
    /// Good: synchronised, with this bound in seconds.
    case good(boundSeconds: Double)
    /// Not good, with the reason and the advice in words.
    case bad(String)

    /// The oldest reference that passes, seconds: chrony's longest poll at its defaults, with a missed answer.
    public static let oldestReferenceSeconds = 2_100.0

    /// Judges a reading as the run's gate does: synchronised, leap normal, a real reference, recent, within `maxError`.
    public static func judge(_ reading: ClockReading, maxError: TimeSpan) -> ClockVerdict {
        guard let tracking = reading.tracking else {
            return .bad(reading.failure ?? "chronyc gave no answer")
        }
        if !tracking.isSynchronised {
            return .bad("chronyd is not synchronised; give it a source (`chronyc -n sources` shows what it has)")
        }
        if tracking.isLocalReference {
            return .bad(
                "chronyd follows only its own clock (reference \(tracking.referenceID)); give it a real time source"
            )
        }
        if tracking.leapStatus != "Normal" {
            return .bad("a leap second is announced (\(tracking.leapStatus)); measure after it")
        }
        let ageSeconds = Double(reading.at.wallNs) / 1e9 - tracking.referenceTimeSeconds
        if ageSeconds > oldestReferenceSeconds {
            // Whatever chronyc printed: an age beyond all bounds is no number of seconds to compute with.
            let seconds = Int(min(ageSeconds, 1e12))
            return .bad("the last answer of the time source is \(seconds) s old; it is probably unreachable")
        }
        let bound = reading.boundSeconds ?? tracking.boundSeconds
        if bound > maxError.seconds {
            return .bad(
                "the clock bound is \(milliseconds(bound)), more than maxError \(maxError) "
                    + "(offset \(milliseconds(abs(tracking.systemOffsetSeconds))), root dispersion "
                    + "\(milliseconds(tracking.rootDispersionSeconds)), half the root delay "
                    + "\(milliseconds(tracking.rootDelaySeconds / 2))); use a nearer time source, or allow more with clock.maxError"
            )
        }
        return .good(boundSeconds: bound)
    }

    private static func milliseconds(_ seconds: Double) -> String {
        let micros = (seconds * 1e6).rounded()
        return "\(micros / 1_000) ms"
    }
}
