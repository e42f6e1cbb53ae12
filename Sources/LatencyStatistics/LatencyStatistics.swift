// The module LatencyStatistics.
