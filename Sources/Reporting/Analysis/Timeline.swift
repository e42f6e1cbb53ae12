/// What happened beside the delays, on the time axis of the plots: seconds from the start of the first measured window.
public struct Timeline: Codable, Hashable, Sendable {
    /// One stretch of measuring.
    public struct Block: Codable, Hashable, Sendable {
        /// Its number, from 1.
        public var number: Int
        /// The paths that it measured.
        public var paths: [String]
        /// Its start, seconds.
        public var fromSeconds: Double
        /// Its end, seconds.
        public var toSeconds: Double
    }

    /// The bound of one host's clock.
    public struct ClockBounds: Codable, Hashable, Sendable {
        /// One reading, or the worst of several that are near each other.
        public struct Point: Codable, Hashable, Sendable {
            /// When it was read, seconds; below zero before the window.
            public var seconds: Double
            /// The bound, grown by what the clock may drift until the next reading, nanoseconds.
            public var boundNs: Double
        }

        /// The host.
        public var host: String
        /// The readings in the order of time, a few hundred at most.
        public var points: [Point]
    }

    /// Segments that one lane's TCP sent again, as the side that sent them counted.
    public struct Retransmissions: Codable, Hashable, Sendable {
        /// In one piece of the window.
        public struct Bin: Codable, Hashable, Sendable {
            /// The piece's middle, seconds.
            public var seconds: Double
            /// The segments.
            public var count: Int
        }

        /// The path.
        public var path: String
        /// The host that sent.
        public var host: String
        /// `feed` or `relay`.
        public var purpose: String
        /// The pieces in which there were any.
        public var bins: [Bin]
    }

    /// When the first window began, seconds since 1970 UTC, receiver's clock; nil in analyses of older versions.
    public var beganSeconds: Double?
    /// From the start of the first window to the end of the last, seconds.
    public var seconds: Double
    /// Each stretch of measuring.
    public var blocks: [Block]
    /// Stretches without a connection, on this axis.
    public var gaps: [ConnectionGap]
    /// The bound of each host's clock.
    public var clockBounds: [ClockBounds]
    /// What TCP sent again; paths without any are left out.
    public var retransmissions: [Retransmissions]
    /// Hosts whose TCP was watched; elsewhere it is not known whether anything was sent again.
    public var watchedHosts: [String]
}
