import Foundation

/// How far apart cloud regions are, and so how fast no network can be.
public enum RegionDistance {
    /// Latitude and longitude of each region's city, degrees.
    ///
    /// The sites are tens of kilometres around it, which is a tenth of a millisecond.
    private static let places: [String: (latitude: Double, longitude: Double)] = [
        "ap-northeast-1": (35.68, 139.69), "ap-northeast-2": (37.57, 126.98), "ap-northeast-3": (34.69, 135.50),
        "ap-southeast-1": (1.35, 103.82), "ap-southeast-2": (-33.87, 151.21), "ap-south-1": (19.08, 72.88),
        "ap-east-1": (22.32, 114.17), "eu-central-1": (50.11, 8.68), "eu-central-2": (47.38, 8.54),
        "eu-west-1": (53.35, -6.26), "eu-west-2": (51.51, -0.13), "eu-west-3": (48.86, 2.35),
        "eu-north-1": (59.33, 18.07), "eu-south-1": (45.46, 9.19), "us-east-1": (38.95, -77.45),
        "us-east-2": (39.96, -83.00), "us-west-1": (37.35, -121.96), "us-west-2": (45.84, -119.70),
        "ca-central-1": (45.50, -73.57), "sa-east-1": (-23.55, -46.63), "me-central-1": (24.45, 54.38),
        "af-south-1": (-33.92, 18.42),
    ]

    /// The great circle between two regions in kilometres, on a sphere of 6,371 km; nil for a region not known here.
    public static func kilometres(_ first: String, _ second: String) -> Double? {
        guard let start = places[first], let end = places[second] else { return nil }
        let (startLatitude, endLatitude) = (start.latitude * .pi / 180, end.latitude * .pi / 180)
        let longitudes = (end.longitude - start.longitude) * .pi / 180
        let haversine =
            pow(sin((endLatitude - startLatitude) / 2), 2)
            + cos(startLatitude) * cos(endLatitude) * pow(sin(longitudes / 2), 2)
        return 2 * 6_371 * asin(min(1, haversine.squareRoot()))
    }

    /// The time that light needs in vacuum on that way, milliseconds; in glass it needs about half as much again.
    public static func lightMs(_ first: String, _ second: String) -> Double? {
        kilometres(first, second).map { $0 / 299.792458 }
    }
}
