// swift-tools-version: 6.2

import PackageDescription

/// One set of compiler settings for every target of ours: warnings are errors, existentials are spelled out, imports are
/// exact, and `async` functions stay where their caller is.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A library of ours: its sources lie in `Sources/<name>`.
func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    exclude: [String] = [],
    furtherSettings: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings + furtherSettings)
}

/// For what is tested on millions of messages or samples: optimised in debug builds, too.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"])]

/// The tests of one module: they lie in `Tests/<name>Tests`.
func tests(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    exclude: [String] = [],
    furtherSettings: [SwiftSetting] = []
) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
        exclude: exclude,
        swiftSettings: settings + furtherSettings
    )
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
/// `infra/build` says which commit it builds.
let commit = Context.environment["LATEXP_COMMIT"] ?? "unknown"

let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "latexp",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "latexp", targets: ["latexp"]),
        .executable(name: "latexp-agent", targets: ["latexp-agent"]),
        .executable(name: "latexp-lab", targets: ["latexp-lab"]),
    ],
    dependencies: [
        // The command lines of the three executables, their help, and nothing else.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Local processes on the laptop's side (ssh -G, ssh-keygen, the lab): limits and cancellation are its work.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(
            name: "CLibSSH2",
            pkgConfig: "libssh2",
            providers: [.apt(["libssh2-1-dev"]), .brew(["libssh2"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .systemLibrary(name: "CSockets"),
        .target(name: "CBuild", cSettings: [.define("LATEXP_COMMIT", to: "\"\(commit)\"")]),

        module("ChildProcesses", ["CSockets"]),
        module("ExperimentModel"),
        module("LatencyStatistics", furtherSettings: optimised),
        module("WebSocketCodec"),
        module("MarketFeed", ["ExperimentModel", "WebSocketCodec"], furtherSettings: optimised),
        module("WireTransport", ["CSockets", "COpenSSL"]),
        module(
            "AgentCore",
            [
                "ChildProcesses", "ExperimentModel", "LatencyStatistics", "MarketFeed", "WebSocketCodec",
                "WireTransport", "CSockets",
            ]
        ),
        module("RemoteHosts", ["ChildProcesses", "CLibSSH2", "CSockets", "ExperimentModel", subprocess]),
        module("Reporting", ["ExperimentModel", "LatencyStatistics"], exclude: ["Schemas"]),
        module("Orchestration", ["ExperimentModel", "LatencyStatistics", "RemoteHosts", "Reporting", subprocess]),
        module(
            "LabWorld",
            [
                "ChildProcesses", "CSockets", "ExperimentModel", "LatencyStatistics", "MarketFeed", "WebSocketCodec",
                "WireTransport", subprocess,
            ]
        ),

        .executableTarget(
            name: "latexp",
            dependencies: ["CBuild", "ExperimentModel", "Orchestration", "RemoteHosts", "Reporting", argumentParser],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "latexp-agent",
            dependencies: ["AgentCore", "ExperimentModel", "WireTransport", argumentParser],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "latexp-lab",
            dependencies: ["ExperimentModel", "LabWorld", argumentParser],
            swiftSettings: settings
        ),

        // Only for infra/bench/transfer.
        .executableTarget(
            name: "TransferBench",
            dependencies: ["ExperimentModel", "RemoteHosts"],
            path: "infra/bench/TransferBench",
            swiftSettings: settings
        ),

        // Only for infra/bench/fuzz.
        .executableTarget(
            name: "FuzzBench",
            dependencies: ["AgentCore", "ExperimentModel", "MarketFeed", "WebSocketCodec", "WireTransport"],
            path: "infra/bench/FuzzBench",
            swiftSettings: settings
        ),

        .target(
            name: "TestSupport",
            dependencies: ["ExperimentModel", "LatencyStatistics", subprocess],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests("ExperimentModel"),
        .target(
            name: "CoverageSimulation",
            dependencies: ["LatencyStatistics"],
            path: "Tests/CoverageSimulation",
            swiftSettings: settings + optimised
        ),
        .executableTarget(
            name: "CoverageBench",
            dependencies: ["CoverageSimulation"],
            path: "Tests/CoverageBench",
            swiftSettings: settings
        ),
        // Only for infra/bench/analysis.
        .executableTarget(
            name: "AnalysisBench",
            dependencies: ["ExperimentModel", "LatencyStatistics"],
            path: "Tests/AnalysisBench",
            swiftSettings: settings
        ),
        tests("LatencyStatistics", ["CoverageSimulation"]),
        tests("WebSocketCodec", ["CSockets"]),
        tests("MarketFeed", ["ExperimentModel"], furtherSettings: optimised),
        tests("WireTransport", ["CSockets"]),
        tests("AgentCore", ["ExperimentModel", "LabWorld", "MarketFeed", "WireTransport", "WebSocketCodec"]),
        tests("RemoteHosts", ["ExperimentModel", subprocess]),
        tests(
            "Reporting",
            ["ExperimentModel", "LatencyStatistics", subprocess],
            exclude: ["Goldens", "wrong-time.py", "browser.py", "schema.py"]
        ),
        tests("Orchestration", ["ExperimentModel", "RemoteHosts", "Reporting"]),
        .testTarget(
            name: "LabTests",
            dependencies: [
                "ChildProcesses", "CSockets", "ExperimentModel", "LabWorld", "MarketFeed", "WireTransport",
                "latexp-lab",
                subprocess,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "ChildProcesses", "ExperimentModel", "LabWorld", "LatencyStatistics", "Reporting", "TestSupport",
                subprocess,
            ],
            exclude: ["Goldens"],
            swiftSettings: settings
        ),
    ]
)
