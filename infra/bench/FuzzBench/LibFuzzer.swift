#if LIBFUZZER
    import Foundation

    /// libFuzzer's own loop, which finds inputs that take new ways through the code.
    enum LibFuzzer {
        nonisolated(unsafe) fileprivate static var target = FuzzTarget.codec

        /// Runs a target from its corpus on; libFuzzer ends the process when something breaks.
        static func run(_ target: FuzzTarget, seed: UInt64, runs: UInt64) {
            self.target = target
            let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-fuzz-\(getpid())").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for (index, input) in target.corpus.enumerated() {
                    try Data(input).write(to: URL(filePath: "\(folder)/\(index)"))
                }
            } catch {
                fatalError("cannot write the corpus to \(folder): \(error)")
            }
            let words = [
                "FuzzBench", "-seed=\(seed)", "-runs=\(runs)", "-max_len=512", "-rss_limit_mb=512",
                "-print_final_stats=1",
                "-verbosity=0", "-artifact_prefix=/tmp/latexp-fuzz-\(target.rawValue)-", folder,
            ]
            print("\(target.rawValue): libFuzzer, seed \(seed), \(runs) inputs")
            var count = Int32(words.count)
            var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            let code = pointers.withUnsafeMutableBufferPointer { buffer in
                var base = buffer.baseAddress
                return runDriver(&count, &base, oneInput)
            }
            exit(code)
        }
    }

    /// The name that libFuzzer's own main function calls; this program has one of its own, but the library wants it.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func oneInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        // Readers may change what they read.
        withUnsafeTemporaryAllocation(byteCount: max(count, 1), alignment: 16) { scratch in
            let input = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
            if let octets { input.copyMemory(from: UnsafeRawBufferPointer(start: octets, count: count)) }
            _ = LibFuzzer.target.take(input)
        }
        return 0
    }

    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>,
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32
#endif
