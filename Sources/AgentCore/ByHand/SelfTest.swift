import CSockets
import ExperimentModel
import WireTransport

/// The instrument's own error on this host.
public struct SelfTestReport: Codable, Sendable {
    /// What reading the wall clock once costs, nanoseconds.
    public var clockReadNs: Double
    /// The 99th percentile of how late a 1 ms timer fires, microseconds.
    public var timerErrorP99Us: Double
    /// The median time from the kernel's receive stamp to the process, microseconds; nil without kernel stamps.
    public var kernelToUserP50Us: Double?
    /// The 99th percentile of the same.
    public var kernelToUserP99Us: Double?
    /// The median round trip of 200 octets over a loopback connection, microseconds.
    public var loopbackRoundTripP50Us: Double
    /// What finding a message's facts (`u`, `E`, `T` and so on) costs by kind of message, nanoseconds a message.
    public var messageFactsNs: [String: Double]
    /// Where receive times come from: `kernel` or `user`.
    public var receiveTimeSource: String
    /// The version of the agent.
    public var version: String
}

/// Measures the instrument itself: clock, timer, kernel-to-user delay, loopback, message facts.
public enum SelfTest {
    private static let rounds = 2_000

    /// Runs all measurements; takes about a second and a half.
    ///
    /// - Throws: `TransportError` when there is no loopback.
    public static func run() throws -> SelfTestReport {
        latexp_sharpen_timers()
        let (roundTrips, delays) = try loopback()
        return SelfTestReport(
            clockReadNs: clockCost(),
            timerErrorP99Us: timerError(),
            kernelToUserP50Us: quantile(delays, 0.5),
            kernelToUserP99Us: quantile(delays, 0.99),
            loopbackRoundTripP50Us: quantile(roundTrips, 0.5) ?? .nan,
            messageFactsNs: MessageFactsCost.measure(),
            receiveTimeSource: delays.isEmpty ? "user" : "kernel",
            version: LatexpVersion.text
        )
    }

    private static func clockCost() -> Double {
        let count = 200_000
        let start = HostClock.monotonicNs()
        var last: Int64 = 0
        for _ in 0..<count { last = max(last, HostClock.wallNs()) }
        let elapsed = HostClock.monotonicNs() - start
        precondition(last > 0, "the wall clock is before 1970")
        return Double(elapsed) / Double(count)
    }

    private static func timerError() -> Double {
        var late: [Int64] = []
        for _ in 0..<500 {
            let dueNs = HostClock.monotonicNs() + 1_000_000
            _ = latexp_poll(nil, 0, 1_000_000)
            late.append(HostClock.monotonicNs() - dueNs)
        }
        return quantile(late, 0.99) ?? .nan
    }

    /// Sends 200 octets to and fro between two sockets of this process; round trips and kernel-to-user delays,
    /// nanoseconds.
    private static func loopback() throws -> (roundTrips: [Int64], delays: [Int64]) {
        let listener = try ListeningSocket(host: "127.0.0.1", port: 0)
        var accepted: StreamSocket?
        listener.onAccept = { accepted = $0 }
        guard let address = try SocketAddress.resolve(host: "127.0.0.1", port: listener.port).first else {
            throw TransportError(.unresolved, "there is no loopback address")
        }
        let client = try StreamSocket.connect(to: address)
        waitToRead(listener.descriptor)
        listener.ready(toRead: true, toWrite: false)
        guard let server = accepted else {
            throw TransportError(.unreachable, "the loopback connection did not come up")
        }
        var roundTrips: [Int64] = []
        var delays: [Int64] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        for _ in 0..<rounds {
            let startNs = HostClock.monotonicNs()
            for (sender, receiver) in [(client, server), (server, client)] {
                _ = sender.write(UnsafeRawBufferPointer(rebasing: buffer[..<200]))
                waitToRead(receiver.descriptor)
                var stamp = ReadStamp()
                _ = receiver.read(into: buffer, stamp: &stamp)
                if stamp.kernelNs != ReadStamp.absent { delays.append(stamp.wallNs - stamp.kernelNs) }
            }
            roundTrips.append(HostClock.monotonicNs() - startNs)
        }
        return (roundTrips, delays)
    }

    private static func waitToRead(_ descriptor: Int32) {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = latexp_poll(&item, 1, 1_000_000_000)
    }

    /// A quantile of nanoseconds, in microseconds; nil without values.
    private static func quantile(_ values: [Int64], _ fraction: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return Double(sorted[Int(fraction * Double(sorted.count - 1))]) / 1_000
    }
}
