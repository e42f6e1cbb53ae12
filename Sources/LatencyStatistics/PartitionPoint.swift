extension Array {
    /// The first index whose element satisfies `isAfter`, in an array where all such elements come last; `count` when none
    /// does.
    @inlinable
    public func partitionPoint(_ isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
