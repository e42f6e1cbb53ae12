import AgentCore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `latexp-agent selftest`: the instrument's own error on this host.
struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Measures the instrument itself: clock, timer, kernel-to-user delay, loopback, message facts.",
        discussion: """
            Takes a few seconds and needs no network. Exit status: 0 done, 1 when the \
            host does not let it measure.
            """
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = try SelfTest.run()
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        print("receive times         \(report.receiveTimeSource)")
        print("clock read            \(rounded(report.clockReadNs)) ns")
        print("timer error, p99      \(rounded(report.timerErrorP99Us)) us")
        if let median = report.kernelToUserP50Us, let p99 = report.kernelToUserP99Us {
            print("kernel to user        \(rounded(median)) us at the median, \(rounded(p99)) us at p99")
        }
        print("loopback round trip   \(rounded(report.loopbackRoundTripP50Us)) us at the median")
        for (kind, costNs) in report.messageFactsNs.sorted(by: { $0.key < $1.key }) {
            print("message facts         \(rounded(costNs)) ns, \(kind)")
        }
    }

    private func rounded(_ value: Double) -> String {
        "\((value * 10).rounded() / 10)"
    }
}
