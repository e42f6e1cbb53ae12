import Foundation

/// Amazon's published list of its own address ranges, `ip-ranges.json`.
///
/// https://ip-ranges.amazonaws.com/ip-ranges.json, described in the AWS General Reference, "AWS IP address ranges":
/// `prefixes` with `ip_prefix`, `ipv6_prefixes` with `ipv6_prefix`, each with `region` and `service`; `AMAZON` stands
/// for all of them.
public struct AddressRanges: Sendable {
    /// The name under which the list lies in a run's directory, or beside the runs.
    public static let fileName = "ip-ranges.json"

    /// When Amazon made the list, as it says: `2026-11-18-21-23-09`.
    public let made: String
    private let ranges: [(prefix: AddressPrefix, region: String, service: String)]

    private struct List: Decodable {
        struct Range: Decodable {
            var ip_prefix: String?
            var ipv6_prefix: String?
            var region: String
            var service: String
        }

        var createDate: String
        var prefixes: [Range]
        var ipv6_prefixes: [Range]?
    }

    /// Reads the list.
    ///
    /// - Throws: `ReportingError` `malformed` for anything else, and for a list without a range.
    public init(_ data: Data, name: String = fileName) throws {
        let list: List
        do {
            list = try JSONDecoder().decode(List.self, from: data)
        } catch {
            throw ReportingError(.malformed, "\(name) is not Amazon's list of its ranges: \(error)", cause: error)
        }
        made = list.createDate
        ranges = (list.prefixes + (list.ipv6_prefixes ?? [])).compactMap { range in
            (range.ip_prefix ?? range.ipv6_prefix).flatMap(AddressPrefix.init).map {
                ($0, range.region, range.service)
            }
        }
        guard !ranges.isEmpty else {
            throw ReportingError(.malformed, "\(name) holds no address range: fetch it again")
        }
    }

    /// Where an address lies: in the smallest range that holds it, and the services that are named for it.
    func origin(of address: NetworkAddress) -> AddressOrigin {
        let found = ranges.filter { $0.prefix.contains(address) }
        guard let smallest = found.max(by: { $0.prefix.bits < $1.prefix.bits }) else { return .elsewhere }
        var services = Set(found.filter { $0.prefix.bits == smallest.prefix.bits }.map(\.service)).sorted()
        if services.count > 1 { services.removeAll { $0 == "AMAZON" } }
        return .amazon(region: smallest.region, service: services.joined(separator: ", "))
    }
}

/// Whose an address is.
enum AddressOrigin: Hashable, Sendable {
    /// In one of Amazon's ranges.
    case amazon(region: String, service: String)
    /// In none of Amazon's published ranges.
    case elsewhere
    /// No other host's business: it is not routed on the internet.
    case privateNetwork
    /// There is no list to look it up in, or it is no address.
    case unknown

    init(_ address: NetworkAddress?, in ranges: AddressRanges?) {
        guard let address else {
            self = .unknown
            return
        }
        self = address.isPrivate ? .privateNetwork : ranges?.origin(of: address) ?? .unknown
    }

    /// The region that the list gives; nil elsewhere, and for what is in all regions.
    var region: String? {
        guard case .amazon(let region, _) = self, region != "GLOBAL" else { return nil }
        return region
    }

    /// In words.
    var text: String {
        switch self {
        case .amazon(let region, let service): "AWS \(region) \(service)"
        case .elsewhere: "not in AWS's published ranges"
        case .privateNetwork: "private"
        case .unknown: "unknown"
        }
    }
}

/// Where a connection went.
public struct EndpointAnalysis: Codable, Hashable, Sendable {
    /// The path.
    public var path: String
    /// The host that dialled.
    public var host: String
    /// `feed` or `relay`.
    public var purpose: String
    /// The remote address.
    public var address: String
    /// `AWS <region> <service>`, `not in AWS's published ranges`, `private`, or `unknown` without the list.
    public var origin: String
    /// When the list was made; nil without one.
    public var listMade: String?
}
