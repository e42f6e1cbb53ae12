import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Runs programs of this machine within limits, as child processes in a group of their own.
enum LocalTool {
    /// Runs a program to its end.
    ///
    /// Throws `SubprocessError` when it cannot be started or writes too much.
    static func run(
        _ program: String,
        _ arguments: [String],
        input: [UInt8] = [],
        outputLimitBytes: Int = 1 << 20,
        workingDirectory: String? = nil,
        timeout: Duration
    ) async throws -> CommandResult {
        let inputDescriptor = try open(input)
        let result = try await withTimeout(timeout, "'\(program)'") {
            try await Subprocess.run(
                program.hasPrefix("/") ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(arguments),
                workingDirectory: workingDirectory.map { FilePath($0) },
                platformOptions: ownGroup,
                input: .fileDescriptor(inputDescriptor, closeAfterSpawningProcess: true),
                output: .bytes(limit: outputLimitBytes),
                error: .bytes(limit: outputLimitBytes)
            )
        }
        return CommandResult(
            exitCode: exitCode(result.terminationStatus),
            outputBytes: result.standardOutput,
            errorOutputBytes: result.standardError
        )
    }

    /// Runs a program that writes its output to an open file; returns its exit code.
    static func run(
        _ program: String,
        _ arguments: [String],
        writingTo descriptor: Int32,
        timeout: Duration
    ) async throws -> Int32 {
        let result = try await withTimeout(timeout, "'\(program)'") {
            try await Subprocess.run(
                .name(program),
                arguments: Arguments(arguments),
                platformOptions: ownGroup,
                output: .fileDescriptor(FileDescriptor(rawValue: descriptor), closeAfterSpawningProcess: false),
                error: .discarded
            )
        }
        return exitCode(result.terminationStatus)
    }

    /// Input as a file that has no name any more: a child that ends without reading a pipe would end us by SIGPIPE.
    private static func open(_ input: [UInt8]) throws -> FileDescriptor {
        guard !input.isEmpty else { return try FileDescriptor.open("/dev/null", .readOnly) }
        let path = FilePath(
            NSTemporaryDirectory() + "/latexp-input-" + String(UInt64.random(in: .min ... .max), radix: 36)
        )
        let file = try FileDescriptor.open(
            path,
            .readWrite,
            options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite
        )
        unlink(path.string)
        do {
            try file.writeAll(input)
            try file.seek(offset: 0, from: .start)
            return file
        } catch {
            try? file.close()
            throw error
        }
    }

    /// A child's descendants end with it when it is given up.
    private static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        return options
    }

    private static func exitCode(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    /// Runs work for at most a time, then cancels it and throws `timedOut`.
    private static func withTimeout<Value: Sendable>(
        _ timeout: Duration,
        _ activity: String,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            // The first to end decides; nil is the clock.
            guard let first = try await group.next(), let value = first else {
                throw RemoteHostError(.timedOut, host: "", "\(activity) took longer than \(timeout)")
            }
            return value
        }
    }
}
