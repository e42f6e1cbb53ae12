import Foundation

/// Writes the directory of a finished run of two paths whose samples are made up, and the delays of each path as NumPy
/// keeps them: for `infra/bench/analysis`.
///
/// Arguments: the directory, the samples of each path, the lanes of each path.
let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst().map { Int($0) ?? -1 }
guard arguments.count == 3, let directory = arguments.first, let samples = numbers.first, let lanes = numbers.last,
    samples > 0, (1...8).contains(lanes)
else {
    FileHandle.standardError.write(Data("usage: AnalysisBench DIRECTORY SAMPLES-A-PATH LANES\n".utf8))
    exit(2)
}
do {
    let run = LargeRun(directory: URL(filePath: directory), events: samples / lanes, lanes: lanes)
    try run.write()
} catch {
    FileHandle.standardError.write(Data("AnalysisBench: \(error)\n".utf8))
    exit(1)
}
