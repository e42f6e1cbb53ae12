import ExperimentModel

/// Collects samples on the loop's thread and hands them over in chunks; no allocation in the steady state.
final class SampleRecorder {
    /// Samples taken so far.
    private(set) var count = 0
    private let writer: BackgroundWriter
    private var chunk: [SampleRecord] = []

    init(writer: BackgroundWriter) {
        self.writer = writer
        chunk.reserveCapacity(BackgroundWriter.chunkSize)
    }

    /// Takes one sample.
    @inline(__always)
    func add(_ sample: SampleRecord) {
        chunk.append(sample)
        count += 1
        if chunk.count == BackgroundWriter.chunkSize { flush() }
    }

    /// Hands over what has been collected; called each second too, so that a killed agent loses little.
    func flush() {
        guard !chunk.isEmpty else { return }
        let full = chunk
        chunk = writer.write(samples: full)
        chunk.reserveCapacity(BackgroundWriter.chunkSize)
    }
}
