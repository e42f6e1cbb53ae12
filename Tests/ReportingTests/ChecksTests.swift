import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// Each check once where it has to speak, and once where it has to be silent.
@Suite struct ChecksTests {
    /// As Amazon's list is built, with made-up ranges; the last one is a part of the first.
    private static let list = """
        {"syncToken": "1795000000", "createDate": "2026-11-18-11-06-40", "prefixes": [
          {"ip_prefix": "203.0.113.0/24", "region": "ap-northeast-1", "service": "AMAZON", "network_border_group": "ap-northeast-1"},
          {"ip_prefix": "198.18.0.0/15", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
          {"ip_prefix": "203.0.113.64/26", "region": "ap-northeast-1", "service": "AMAZON", "network_border_group": "x"},
          {"ip_prefix": "203.0.113.64/26", "region": "ap-northeast-1", "service": "EC2", "network_border_group": "x"}],
         "ipv6_prefixes": [
          {"ipv6_prefix": "2001:db8:7::/48", "region": "eu-central-1", "service": "EC2", "network_border_group": "eu-central-1"}]}
        """

    private static func ranges() throws -> AddressRanges { try AddressRanges(Data(list.utf8)) }

    private static func endpoint(
        _ address: String,
        lane: Int = 0,
        purpose: String = "feed",
        kind: PathSpecification.Kind = .direct,
        ranges: AddressRanges? = nil
    ) -> EndpointChecks.Endpoint {
        EndpointChecks.Endpoint(
            path: kind == .direct ? "baseline" : "backbone",
            kind: kind,
            host: kind == .direct ? "frankfurt" : "tokyo",
            purpose: purpose,
            lane: lane,
            address: address,
            origin: AddressOrigin(NetworkAddress(address), in: ranges)
        )
    }

    // MARK: Addresses

    @Test func addressesAreReadWithAndWithoutPorts() {
        #expect(NetworkAddress("192.0.2.7:443") == NetworkAddress("192.0.2.7"))
        #expect(NetworkAddress("[2001:db8::1]:443") == NetworkAddress("2001:db8:0::1"))
        #expect(NetworkAddress("[::ffff:192.0.2.7]:443") == NetworkAddress("192.0.2.7"))
        for text in ["", "fstream.binance.com:443", "192.0.2", "192.0.2.7:443:1x", "[192.0.2.7", "1.2.3.4.5"] {
            #expect(NetworkAddress(text) == nil, "\(text)")
        }
        #expect(EndpointChecks.withoutPort("[2001:db8::1]:443") == "2001:db8::1")
        #expect(EndpointChecks.withoutPort("192.0.2.7:443") == "192.0.2.7")
        #expect(EndpointChecks.withoutPort("2001:db8::1") == "2001:db8::1")
    }

    @Test(arguments: [
        ("10.1.1.10", true), ("172.31.255.1", true), ("172.32.0.1", false), ("192.168.0.1", true),
        ("100.127.0.1", true),
        ("100.128.0.1", false), ("127.0.0.1", true), ("fd00::1", true), ("fe80::1", true), ("::1", true),
        ("2001:db8::1", false),
        ("54.95.1.1", false),
    ])
    func privateAddressesAreKnown(address: String, isPrivate: Bool) {
        #expect(NetworkAddress(address)?.isPrivate == isPrivate)
    }

    @Test func addressesAreLookedUpInTheSmallestRange() throws {
        let ranges = try Self.ranges()
        #expect(ranges.made == "2026-11-18-11-06-40")
        func origin(_ address: String) -> AddressOrigin { AddressOrigin(NetworkAddress(address), in: ranges) }
        #expect(origin("203.0.113.70:443") == .amazon(region: "ap-northeast-1", service: "EC2"))
        #expect(origin("203.0.113.130") == .amazon(region: "ap-northeast-1", service: "AMAZON"))
        #expect(origin("198.19.255.255").region == nil && origin("198.19.255.255").text == "AWS GLOBAL CLOUDFRONT")
        #expect(origin("2001:db8:7::9") == .amazon(region: "eu-central-1", service: "EC2"))
        #expect(origin("2001:db8:8::9") == .elsewhere && origin("192.0.2.1") == .elsewhere)
        #expect(origin("10.0.0.1") == .privateNetwork)
        #expect(AddressOrigin(NetworkAddress("192.0.2.1"), in: nil) == .unknown, "without a list nothing is assumed")
        for text in ["", "[]", "{\"createDate\": \"x\", \"prefixes\": []}"] {
            let error = #expect(throws: ReportingError.self) { try AddressRanges(Data(text.utf8)) }
            #expect(error?.code == .malformed)
        }
    }

    @Test func lanesOnOneServerAreNoticed() {
        let same = [0, 1, 2].map { Self.endpoint("192.0.2.7", lane: $0) }
        let warning = EndpointChecks.oneServer("baseline", same)
        #expect(warning?.code == .lanesOnOneServer)
        #expect(warning?.text.contains("all 3 lanes went to one address of the exchange, 192.0.2.7") ?? false)
        #expect(EndpointChecks.oneServer("baseline", same.dropLast() + [Self.endpoint("192.0.2.8", lane: 2)]) == nil)
        #expect(EndpointChecks.oneServer("baseline", [same[0]]) == nil, "one lane has but one server")
        #expect(EndpointChecks.oneServer("backbone", same) == nil)
    }

    @Test func aRelayThatLeavesThePeeringIsNoticed() {
        var path = PathSpecification(name: "backbone", kind: .relay, via: "tokyo", to: .privateAddress, port: 8080)
        func check(_ address: String) -> AnalysisWarning? {
            EndpointChecks.notOverPeering(path, [Self.endpoint(address, purpose: "relay", kind: .relay)])
        }
        #expect(check("198.51.100.2")?.code == .notOverPeering)
        #expect(check("10.1.1.10") == nil)
        path.to = .publicAddress
        #expect(check("198.51.100.2") == nil, "this path is meant to be public")
    }

    @Test func aBaselineOnTheRelaysNetworkIsNoticed() throws {
        let ranges = try Self.ranges()
        func check(_ address: String, inCloud: Bool = true) -> AnalysisWarning? {
            EndpointChecks.sharedNetwork(
                "baseline",
                [Self.endpoint(address, ranges: ranges)],
                forwarderAddresses: ["tokyo": ["192.0.2.99", "10.0.1.10"]],
                receiver: "frankfurt",
                isReceiverInCloud: inCloud
            )
        }
        #expect(check("203.0.113.70")?.text.contains("AWS's (ap-northeast-1, EC2) and frankfurt is in AWS") ?? false)
        #expect(check("203.0.113.70", inCloud: false) == nil)
        #expect(check("10.9.9.9")?.text.contains("a private address") ?? false)
        #expect(check("192.0.2.99")?.text.contains("but to tokyo") ?? false)
        #expect(check("192.0.2.7") == nil)
        #expect(check("192.0.2.7")?.code == nil && check("10.9.9.9")?.code == .sharedNetwork)
    }

    @Test func whoseTheEndpointsAreIsSaidOnlyWithAList() throws {
        let ranges = try Self.ranges()
        let unknown = EndpointChecks.route("baseline", [Self.endpoint("192.0.2.7")], listMade: nil)
        #expect(unknown?.text.contains("is unknown") ?? false)
        let known = EndpointChecks.route(
            "baseline",
            [Self.endpoint("192.0.2.7", ranges: ranges)],
            listMade: ranges.made
        )
        #expect(known?.text.contains("192.0.2.7 is not in AWS's published ranges") ?? false)
        #expect(!(known?.text.contains("unknown") ?? true))
    }

    @Test func theListIsTakenFromTheRunOrFromBesideIt() throws {
        let directory = try SyntheticRun().write()
        let home = FileManager.default.temporaryDirectory.appending(path: "latexp-runs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let run = home.appending(path: "run")
        try FileManager.default.moveItem(at: directory, to: run)
        let without = try RunAnalyzer.analyze(runDirectory: run.path)
        #expect(without.endpoints?.allSatisfy { $0.origin == "unknown" || $0.origin == "private" } ?? false)
        #expect(without.endpoints?.contains { $0.origin == "unknown" } ?? false)
        try Data(Self.list.utf8).write(to: home.appending(path: AddressRanges.fileName))
        let beside = try RunAnalyzer.analyze(runDirectory: run.path)
        #expect(beside.endpoints?.contains { $0.origin == "not in AWS's published ranges" } ?? false)
        #expect(beside.endpoints?.first?.listMade == "2026-11-18-11-06-40")
        try Data("{}".utf8).write(to: run.appending(path: AddressRanges.fileName))
        #expect(throws: ReportingError.self) { try RunAnalyzer.analyze(runDirectory: run.path) }
    }

    // MARK: Delays

    private static func leg(_ milliseconds: Double, clockMs: Double?, isRoundTrip: Bool = false) -> DelayChecks.Leg {
        DelayChecks.Leg(
            name: "relay leg",
            from: "ap-northeast-1",
            to: "eu-central-1",
            minimumNs: milliseconds * 1e6,
            clockNs: clockMs.map { $0 * 1e6 },
            isRoundTrip: isRoundTrip
        )
    }

    /// 31.2 ms in vacuum, 45.8 ms in fibre.
    @Test func nothingIsFasterThanLight() {
        #expect(DelayChecks.belowLight("backbone", Self.leg(46, clockMs: 0.2)) == nil)
        #expect(DelayChecks.belowLight("backbone", Self.leg(92, clockMs: 0, isRoundTrip: true)) == nil)
        let fibre = DelayChecks.belowLight("backbone", Self.leg(40, clockMs: 0.2))
        #expect(fibre?.text.contains("in fibre (45.7") ?? false)
        #expect(fibre?.text.contains("a clock is wrong beyond its bound") ?? false)
        let vacuum = DelayChecks.belowLight("backbone", Self.leg(30, clockMs: nil))
        #expect(vacuum?.code == .belowSpeedOfLight && !(vacuum?.text.contains("in fibre") ?? true))
        let allowed = DelayChecks.belowLight("backbone", Self.leg(45, clockMs: 1))
        #expect(allowed?.text.contains("bounds of 1.000 ms allow it") ?? false)
        let round = DelayChecks.belowLight("backbone", Self.leg(60, clockMs: 0, isRoundTrip: true))
        #expect(round?.text.contains("and back") ?? false)
        #expect(round?.text.contains("a host is not where it says") ?? false)
        var moon = Self.leg(1, clockMs: 0)
        moon.to = "the-moon"
        #expect(DelayChecks.belowLight("backbone", moon) == nil)
    }

    /// Only the way back is impossible: the forwarder's clock is 80 ms behind, so that its events seem slow.
    @Test func theWayBackIsLookedAtToo() {
        func analysis(lowNs: Int64, highNs: Int64) -> RunAnalysis {
            var data = SyntheticRun().data()
            data.blocks[0].receiver?.lanes[2].probes = ProbeSummary(
                count: 30,
                minimumRoundTripNs: 224_300_000,
                offsetLowNs: lowNs,
                offsetHighNs: highNs
            )
            return RunAnalyzer.analyze(data)
        }
        let good = analysis(lowNs: -112_230_000, highNs: 112_070_000)
        #expect(!good.warnings.contains { $0.code == .belowSpeedOfLight })
        let bad = analysis(lowNs: -192_230_000, highNs: 32_070_000)
        let warning = bad.warnings.first { $0.code == .belowSpeedOfLight }
        #expect(warning?.text.contains("probes back to tokyo") ?? false)
    }

    private static func metric(minimumMs: Double, clockNs: Double?, hosts: [String] = ["frankfurt"]) throws
        -> MetricAnalysis
    {
        let samples = [minimumMs * 1e6, 1e6, 2e6].map { Int64($0) }
        return MetricAnalysis(
            metric: .endToEnd,
            summaryNs: try #require(Summary(samples)),
            quantilesNs: [],
            jitterNs: nil,
            bound: ErrorBound(clockNs: clockNs, hosts: hosts, truncationNs: 0, estimateNs: nil, isVerified: true)
        )
    }

    @Test func negativeDelaysAreExplainedByTheClocksOrNot() throws {
        func text(_ minimumMs: Double, _ clockNs: Double?, hosts: [String] = ["frankfurt"]) throws -> String? {
            DelayChecks.negative("baseline", try Self.metric(minimumMs: minimumMs, clockNs: clockNs, hosts: hosts))?
                .text
        }
        #expect(try text(0.1, 1e6) == nil)
        #expect(try text(-0.5, 1e6)?.contains("within the clock bound of 1.000 ms") ?? false)
        #expect(try text(-1.5, 1e6)?.contains("more than the clock bound of 1.000 ms") ?? false)
        #expect(try text(-1.5, nil)?.contains("not known to agree") ?? false)
        #expect(try text(-1.5, 0, hosts: [])?.contains("wall clock moved") ?? false)
    }

    // MARK: Clocks that jump

    private static func stepped(_ stepNs: Int64, host: String) -> RunAnalysis {
        var data = SyntheticRun().data()
        let step = [ClockStep(at: SyntheticRun.moment(12.5), stepNs: stepNs)]
        if host == "frankfurt" { data.blocks[0].receiver?.clockSteps = step }
        if host == "tokyo" { data.blocks[0].forwarders["tokyo"]?.clockSteps = step }
        return RunAnalyzer.analyze(data)
    }

    @Test func aReceiversJumpTakesAbsoluteFiguresAndLeavesDifferences() throws {
        let whole = RunAnalyzer.analyze(SyntheticRun().data())
        let jumped = Self.stepped(3_600_000_000_000, host: "frankfurt")
        for path in jumped.paths {
            #expect(path.metric(.endToEnd) == nil && path.metric(.backbone) == nil)
            #expect(path.withheld?.first?.reason.contains("the wall clock of frankfurt jumped") ?? false)
            #expect(path.lanes.allSatisfy { $0.endToEndNs == nil && $0.backboneNs == nil })
        }
        #expect(jumped.path("backbone")?.metric(.feedLeg) == whole.path("backbone")?.metric(.feedLeg))
        #expect(jumped.budgets.isEmpty && jumped.endToEndDifferencesNs.isEmpty)
        #expect(jumped.plots.subject == "difference" && jumped.plots.distributions.isEmpty)
        #expect(jumped.differences.first?.quantilesNs == whole.differences.first?.quantilesNs)
        #expect(jumped.differences.first?.firstOfBothNs == nil)
        #expect(jumped.verdict.kind == .sooner && jumped.verdict.medianNs == whole.verdict.medianNs)
        #expect(jumped.warnings.first { $0.code == .clockStepped }?.text.contains("withheld") ?? false)
        #expect(!jumped.warnings.contains { $0.code == .noEventTime })
        let text = try OutputFormat.text.render(jumped)
        #expect(!text.contains("no event time") && text.contains("end to end withheld"))
        for format in OutputFormat.allCases { #expect(throws: Never.self) { try format.render(jumped) } }
        #expect(HTMLReport.render(jumped).contains("withheld"))
        let results = PathResultsBuilder.build(jumped, SyntheticRun().data())
        #expect(results.allSatisfy { $0.medianLatencyMs == nil && $0.note?.contains("withheld") ?? false })
    }

    @Test func aForwardersJumpTakesWhatNeedsItsClock() {
        let jumped = Self.stepped(-40_000_000, host: "tokyo")
        #expect(jumped.path("baseline")?.metric(.endToEnd) != nil && jumped.path("backbone")?.metric(.endToEnd) != nil)
        #expect(jumped.path("backbone")?.metric(.backbone) == nil && jumped.path("backbone")?.metric(.feedLeg) == nil)
        #expect(jumped.path("backbone")?.metric(.residence) != nil)
        #expect(jumped.budgets.map(\.path) == ["baseline"])
    }

    /// Its bound before the run is 100 us.
    @Test func aJumpWithinTheBoundTakesNothing() {
        let jumped = Self.stepped(90_000, host: "frankfurt")
        #expect(jumped.paths.allSatisfy { $0.withheld == nil && $0.metric(.endToEnd) != nil })
        #expect(jumped.warnings.contains { $0.code == .clockStepped })
    }

    @Test func runsWhoseClocksJumpedAreNotCompared() {
        var data = SyntheticKind.onePath.run.data()
        var other = SyntheticKind.onePath.run
        other.id = "other-20261118T130640Z"
        #expect(Comparability.problems([data], [other.data()]).isEmpty)
        data.blocks[0].receiver?.clockSteps = [ClockStep(at: SyntheticRun.moment(3), stepNs: 5_000_000)]
        let problems = Comparability.problems([data], [other.data()])
        #expect(problems.count == 1 && problems[0].contains("jumped by 5.000 ms in A"))
    }
}
