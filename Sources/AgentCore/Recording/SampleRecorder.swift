import ExperimentModel

/// Collects samples on the loop's thread and hands them over in chunks; no allocation in the steady state.
final class SampleRecorder {
    /// Samples taken so far.
    private(set) var count = 0
    private let writer: BackgroundWriter
    private var chunk = SampleChunk()

    init(writer: BackgroundWriter) {
        self.writer = writer
    }

    /// Takes one sample.
    @inline(__always)
    func add(_ sample: SampleRecord) {
        chunk.append(sample)
        count += 1
        if chunk.isFull { flush() }
    }

    /// Hands over what has been collected; called each second too, so that a killed agent loses little.
    func flush() {
        guard chunk.count > 0 else { return }
        writer.exchange(&chunk)
    }
}
