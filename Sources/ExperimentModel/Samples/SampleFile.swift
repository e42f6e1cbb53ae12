#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The file `samples.bin`: a header of 32 octets, then records of `SampleRecord.size`.
///
/// Header, little endian: `LATEXPSM` (8), format version u32, record size u32, 16 octets of 0. A last record that is cut
/// short (the agent was killed) is ignored and reported.
public enum SampleFile {
    /// The octets of the header.
    public static let headerSize = 32
    /// The version of this format.
    public static let version: UInt32 = 1
    private static let magic = Array("LATEXPSM".utf8)

    /// The header's octets.
    public static func header() -> [UInt8] {
        var bytes = magic
        for value in [version, UInt32(SampleRecord.size)] {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes + [UInt8](repeating: 0, count: headerSize - bytes.count)
    }

    /// Reads every whole record of the file at `path`; the file is mapped, not copied.
    ///
    /// - Returns: the records in the order of their arrival, and the octets of a torn last record (normally 0).
    /// - Throws: `ExperimentError`: `unreadable`, or `incompatible` for another format.
    public static func read(path: String) throws -> (records: [SampleRecord], tornBytes: Int) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw ExperimentError(.unreadable, "cannot read \(path): \(error)", cause: error)
        }
        return try data.withUnsafeBytes { bytes in
            try checkHeader(bytes, path: path)
            guard let base = bytes.baseAddress else { return ([], 0) }
            let count = (bytes.count - headerSize) / SampleRecord.size
            let records = (0..<count).map { SampleRecord(from: base + headerSize + $0 * SampleRecord.size) }
            return (records, (bytes.count - headerSize) % SampleRecord.size)
        }
    }

    /// Checks that a file begins as this version's files do.
    ///
    /// - Parameters:
    ///   - bytes: the file's beginning, at least `headerSize` octets of it if it has them.
    ///   - path: its name, for the message.
    /// - Throws: `ExperimentError` `incompatible`.
    public static func checkHeader(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        guard bytes.count >= headerSize, bytes.prefix(8).elementsEqual(magic) else {
            throw ExperimentError(.incompatible, "\(path) is no sample file of latexp")
        }
        let found = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        let size = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        guard found == version, size == UInt32(SampleRecord.size) else {
            throw ExperimentError(
                .incompatible,
                "\(path) has sample format \(found) with \(size)-octet records; this latexp reads format \(version)"
            )
        }
    }
}
