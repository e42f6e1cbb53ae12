/// A quantile whose interval is being found.
struct QuantileCandidate {
    let probability: Double
    let value: Double
    /// The quantile of each usable lane.
    let quantiles: [Double]
    /// What samples are held against to find how sure the quantile is, of each usable lane: the quantile; and where
    /// many samples are equal to it, also what is just below, since then "at or below" alone may be true of all.
    let thresholds: [[Double]]
    /// How long samples depend on each other, as a share of the time.
    var share = 1.0
    /// The interval, or why there is none; nil while it is not found.
    var result: QuantileInterval?
    /// For each threshold, of each usable lane: the samples up to it between the places of windows.
    var counts: [[[Int]]]

    init(_ probability: Double, _ value: Double, _ quantiles: [Double], _ cells: [QuantileEstimator.Cell]) {
        self.probability = probability
        self.value = value
        self.quantiles = quantiles
        // Fewer equal ones than a tenth of what chance makes of that number change nothing, and nanoseconds of millions of
        // samples are always some.
        let hasTies = zip(cells, quantiles).contains { cell, quantile in
            let few = 0.1 * (probability * (1 - probability) * Double(cell.count)).squareRoot()
            return Double(cell.sorted.countAtMost(quantile) - cell.sorted.countBelow(quantile)) > max(1, few)
        }
        thresholds = hasTies ? [quantiles, quantiles.map(\.nextDown)] : [quantiles]
        counts = thresholds.map { _ in [] }
    }

    var windows: Int { Int(1 / share) }

    mutating func withhold(_ cause: QuantileInterval.Cause, _ text: String, lengthening: Double? = nil) {
        result = QuantileInterval(
            probability: probability,
            value: value,
            cause: cause,
            withheld: text,
            lengthening: lengthening
        )
    }

    /// An interval needs some stretches of time that tell something new; a longer run has more of them.
    mutating func withholdForDependence() {
        let times = Double(QuantileEstimator.fewestWindows) * share
        let percent = (1_000 * share).rounded(.up) / 10
        withhold(
            .dependence,
            "samples depend on each other over stretches of \(percent) % of the time, and an interval needs "
                + "\(QuantileEstimator.fewestWindows) such stretches",
            lengthening: times
        )
    }
}
