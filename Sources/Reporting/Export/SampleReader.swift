import ExperimentModel
import Foundation

/// Reads a file of samples some thousands at a time.
final class SampleReader {
    private let handle: FileHandle
    private let path: String

    init(path: String) throws {
        self.path = path
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ReportingError(.unreadable, "cannot read \(path)")
        }
        self.handle = handle
        let header = try handle.read(upToCount: SampleFile.headerSize) ?? Data()
        try header.withUnsafeBytes { try SampleFile.checkHeader($0, path: path) }
    }

    deinit { try? handle.close() }

    /// The next records; nil at the end.
    ///
    /// Octets of a record that was cut short are left out.
    func next(_ count: Int) throws -> [SampleRecord]? {
        let data: Data
        do {
            data = try handle.read(upToCount: count * SampleRecord.size) ?? Data()
        } catch {
            throw ReportingError(.unreadable, "cannot read \(path): \(error.localizedDescription)", cause: error)
        }
        let whole = data.count / SampleRecord.size
        guard whole > 0 else { return nil }
        return data.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return [] }
            return (0..<whole).map { SampleRecord(from: base + $0 * SampleRecord.size) }
        }
    }
}
