import COpenSSL
import CSockets

/// What a certificate says of itself, for messages.
struct CertificateFacts {
    /// The most names that a message lists.
    private static let namesAtMost = 8

    /// Whom it is for.
    let subject: String
    /// Who signed it.
    let issuer: String
    /// The host names and addresses that it is valid for; the first few.
    let names: [String]
    /// How many more there are.
    let furtherNames: Int
    /// The first moment at which it is valid, UTC.
    let notBefore: String
    /// The last one.
    let notAfter: String

    /// Reads a certificate.
    init(_ certificate: OpaquePointer) {
        subject = Self.text(X509_get_subject_name(certificate))
        issuer = Self.text(X509_get_issuer_name(certificate))
        notBefore = Self.time(certificate, isEnd: false)
        notAfter = Self.time(certificate, isEnd: true)
        var names: [String] = []
        var further = 0
        var buffer = [CChar](repeating: 0, count: 256)
        // Bounded: a stranger wrote it.
        for number in 0..<1_000 {
            let length = latexp_alternative_name(certificate, Int32(number), &buffer, buffer.count)
            guard length >= 0 else { break }
            guard length > 0 else { continue }
            if names.count < Self.namesAtMost {
                names.append(PeerText.shown(buffer.prefix(length).map { UInt8(bitPattern: $0) }))
            } else {
                further += 1
            }
        }
        self.names = names
        self.furtherNames = further
    }

    /// The names in words.
    var namesText: String {
        guard !names.isEmpty else { return "no host name at all" }
        return names.joined(separator: ", ") + (furtherNames > 0 ? " and \(furtherNames) more" : "")
    }

    private static func text(_ name: OpaquePointer?) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = latexp_name_text(name, &buffer, Int32(buffer.count))
        return PeerText.shown(buffer.prefix(length).map { UInt8(bitPattern: $0) })
    }

    private static func time(_ certificate: OpaquePointer, isEnd: Bool) -> String {
        var time = tm()
        guard latexp_certificate_time(certificate, isEnd ? 1 : 0, &time) == 1 else { return "an unreadable date" }
        return UTCText.minutes(time)
    }
}

/// Moments for messages.
enum UTCText {
    /// `2026-03-01 09:05 UTC`.
    static func minutes(_ time: tm) -> String {
        func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(time.tm_year + 1_900)-\(padded(time.tm_mon + 1))-\(padded(time.tm_mday)) "
            + "\(padded(time.tm_hour)):\(padded(time.tm_min)) UTC"
    }

    /// Now, by the host's clock.
    static func now() -> String {
        var seconds = time_t(HostClock.wallNs() / 1_000_000_000)
        var time = tm()
        gmtime_r(&seconds, &time)
        return minutes(time)
    }
}
