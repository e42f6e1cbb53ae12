import Foundation
import Testing

/// Expects `text` to be what the file `name` in the folder `Goldens` beside the calling test holds.
///
/// With `RECORD_GOLDENS=1` in the environment the file is written instead, and the test fails, so that a recording is
/// never mistaken for a pass. On a mismatch the text is left beside the golden, as `name.got`.
public func expectGolden(
    _ text: String,
    _ name: String,
    filePath: String = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let folder = URL(filePath: filePath).deletingLastPathComponent().appending(path: "Goldens")
    expectGolden(text, at: folder.appending(path: name), sourceLocation: sourceLocation)
}

/// Expects `text` to be what the file `golden` holds, wherever that lies; all else as above.
public func expectGolden(_ text: String, at golden: URL, sourceLocation: SourceLocation = #_sourceLocation) {
    let folder = golden.deletingLastPathComponent()
    let name = golden.lastPathComponent
    let got = folder.appending(path: name + ".got")
    do {
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: golden)
            Issue.record(
                "recorded \(name); look at it, then run without RECORD_GOLDENS",
                sourceLocation: sourceLocation
            )
            return
        }
        guard let expected = try? String(decoding: Data(contentsOf: golden), as: UTF8.self) else {
            try Data(text.utf8).write(to: got)
            Issue.record("there is no \(golden.path); record it with RECORD_GOLDENS=1", sourceLocation: sourceLocation)
            return
        }
        if expected == text {
            try? FileManager.default.removeItem(at: got)
            return
        }
        try Data(text.utf8).write(to: got)
        Issue.record("\(firstDifference(expected, text)); see \(got.path)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(name): \(error)", sourceLocation: sourceLocation)
    }
}

private func firstDifference(_ expected: String, _ found: String) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = found.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(old, new).prefix { $0 == $1 }.count
    let wanted = line < old.count ? String(old[line].prefix(200)) : "the end"
    let got = line < new.count ? String(new[line].prefix(200)) : "the end"
    return "line \(line + 1) should be '\(wanted)' and is '\(got)'"
}
