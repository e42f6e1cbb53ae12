#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the network driver says of the host's hardware clock.
enum HardwareClock {
    /// The greatest `phc_error_bound` of the host's network devices, nanoseconds; nil where no driver gives one.
    ///
    /// Amazon's ENA driver gives it for instances with a PTP hardware clock (amzn-drivers, `ena_phc.c`).
    static func errorNs(devices: String = "/sys/class/net") -> Int64? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: devices)) ?? []
        return names.compactMap { name in
            let text = try? String(contentsOfFile: "\(devices)/\(name)/device/phc_error_bound", encoding: .utf8)
            return text.flatMap { Int64($0.prefix { $0.isASCII && $0.isNumber }) }
        }.max()
    }
}
