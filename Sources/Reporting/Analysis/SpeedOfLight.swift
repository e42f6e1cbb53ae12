#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The least time that anything needs between two cloud regions: light in vacuum, along the great circle.
///
/// Light in fibre needs about half as much again, and no cable runs straight; a delay below this is a wrong clock.
public enum SpeedOfLight {
    /// The cities that AWS's regions are named after, degrees north and east.
    private static let places: [String: (latitude: Double, longitude: Double)] = [
        "ap-northeast-1": (35.68, 139.69), "ap-northeast-2": (37.57, 126.98), "ap-northeast-3": (34.69, 135.50),
        "ap-east-1": (22.32, 114.17), "ap-southeast-1": (1.35, 103.82), "ap-southeast-2": (-33.87, 151.21),
        "ap-south-1": (19.08, 72.88), "eu-central-1": (50.11, 8.68), "eu-central-2": (47.38, 8.54),
        "eu-west-1": (53.35, -6.26), "eu-west-2": (51.51, -0.13), "eu-west-3": (48.86, 2.35),
        "eu-north-1": (59.33, 18.07), "eu-south-1": (45.46, 9.19), "us-east-1": (38.95, -77.45),
        "us-east-2": (39.96, -83.00), "us-west-1": (37.77, -122.42), "us-west-2": (45.84, -119.70),
        "ca-central-1": (45.50, -73.57), "sa-east-1": (-23.55, -46.63),
        "me-central-1": (24.45, 54.38), "af-south-1": (-33.92, 18.42),
    ]

    /// How much slower light is in fibre: the group index of standard single-mode fibre at 1,550 nm (Corning SMF-28
    /// data sheet).
    public static let fibreIndex = 1.4682

    /// The least one-way time in nanoseconds; nil when a region's place is not known.
    ///
    /// The haversine formula on a sphere of the mean radius (Sinnott, "Virtues of the haversine", Sky and Telescope 68,
    /// 1984). Tokyo to Frankfurt: 9,350 km, 31.2 ms.
    public static func leastNs(from first: String, to second: String) -> Double? {
        guard let a = places[first], let b = places[second] else { return nil }
        let radians = Double.pi / 180
        let sineLatitude = sin((b.latitude - a.latitude) * radians / 2)
        let sineLongitude = sin((b.longitude - a.longitude) * radians / 2)
        let haversine =
            sineLatitude * sineLatitude
            + cos(a.latitude * radians) * cos(b.latitude * radians) * sineLongitude * sineLongitude
        let earthRadiusKm = 6_371.0
        let kilometresPerNs = 299_792.458 / 1e9
        return 2 * earthRadiusKm * asin(min(1, haversine.squareRoot())) / kilometresPerNs
    }
}
