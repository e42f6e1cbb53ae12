import Foundation

/// A directory of a test's own, removed with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/latexp-test-" + String(UInt64.random(in: .min ... .max), radix: 36)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The names of what lies in it.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// A file with the given content in a directory of its own.
final class TemporaryFile: Sendable {
    let directory: TemporaryDirectory
    let path: String

    init(_ bytes: [UInt8], name: String = "file") throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}

/// Bytes that no compression makes short, the same every time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, initializedCount in
        let words = UnsafeMutableRawBufferPointer(buffer)
        var offset = 0
        while offset < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            words.storeBytes(of: UInt32(truncatingIfNeeded: state &>> 32), toByteOffset: offset, as: UInt32.self)
            offset &+= 4
        }
        initializedCount = count
    }
}
