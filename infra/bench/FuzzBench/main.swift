// What comes from outside, thrown at its readers: `FuzzBench TARGET [--seed N] [--runs N]`. See infra/bench/fuzz.
//
// Built with `-sanitize=fuzzer -DLIBFUZZER` the inputs come from libFuzzer, which looks for new ways through the code; else
// from a seeded generator that changes sound inputs.
import Foundation

var options: [String: UInt64] = ["--seed": 1, "--runs": 1_000_000]
var arguments = Array(CommandLine.arguments.dropFirst())
guard let name = arguments.first, let target = FuzzTarget(rawValue: name) else {
    print("usage: FuzzBench \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [--seed N] [--runs N]")
    exit(2)
}
arguments.removeFirst()
while arguments.count >= 2, let value = UInt64(arguments[1]) {
    options[arguments[0]] = value
    arguments.removeFirst(2)
}
let seed = options["--seed"] ?? 1
let runs = options["--runs"] ?? 1
#if LIBFUZZER
    LibFuzzer.run(target, seed: seed, runs: runs)
#else
    SeededFuzzer.run(target, seed: seed, runs: runs)
#endif
