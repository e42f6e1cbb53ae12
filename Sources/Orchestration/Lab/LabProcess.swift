import ExperimentModel
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Finds and starts `latexp-lab`: the file in `LATEXP_LAB`, beside latexp, then `bin/`.
struct LabLocator: LabSource {
    let explicitFile: String?
    let folders: [String]

    func start(_ request: LabRequest, in directory: RunDirectory) async throws -> any Lab {
        try await LabProcess.start(executable: try find(), request, in: directory)
    }

    private func find() throws -> String {
        let candidates = explicitFile.map { [$0] } ?? folders.map { "\($0)/latexp-lab" }
        if let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) { return path }
        throw OrchestrationError(
            .labUnavailable,
            "there is no latexp-lab in \(candidates.joined(separator: ", ")); `infra/build` makes it, "
                + "or name it in the environment as LATEXP_LAB"
        )
    }
}

/// A laboratory as a child process with pipes on its standard input and output.
///
/// It ends when its standard input ends, also when latexp dies. It has a process group of its own, so that Ctrl-C on
/// the terminal does not take the world away from under the agents.
actor LabProcess: Lab {
    /// How long a world may take to come up.
    static let startLimit = Duration.seconds(60)

    nonisolated let description: LabDescription
    private let input: AsyncStream<String>.Continuation
    private let answers: AnswerQueue
    private let process: Task<Void, Never>

    private init(
        _ description: LabDescription,
        _ input: AsyncStream<String>.Continuation,
        _ answers: AnswerQueue,
        _ process: Task<Void, Never>
    ) {
        self.description = description
        self.input = input
        self.answers = answers
        self.process = process
    }

    static func start(executable: String, _ request: LabRequest, in directory: RunDirectory) async throws -> LabProcess
    {
        let folder = try directory.makeDirectory("lab")
        try directory.write(try RunDirectory.encode(request), to: "lab/spec.json")
        let errorFile = folder.appending(path: "lab.err").path
        let (input, inputContinuation) = AsyncStream<String>.makeStream()
        let answers = AnswerQueue()
        let arguments = ["serve", "--spec", folder.appending(path: "spec.json").path, "--directory", folder.path]
        let process = Task {
            await runChild(executable, arguments, errorFile: errorFile, input: input, answers: answers)
        }
        do {
            // It says where its description is once everything is up: here, where it was told to be.
            _ = try await answers.next(limit: startLimit)
            let data = try Data(contentsOf: folder.appending(path: "lab.json"))
            let description = try JSONDecoder().decode(LabDescription.self, from: data)
            return LabProcess(description, inputContinuation, answers, process)
        } catch {
            inputContinuation.finish()
            process.cancel()
            await process.value
            if error is CancellationError { throw error }
            let said = ((try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "").suffix(2_000)
            throw OrchestrationError(
                .labUnavailable,
                "the simulated world did not come up (\(error))" + (said.isEmpty ? "" : ":\n\(said)"),
                cause: error
            )
        }
    }

    func writeTruth() async throws {
        input.yield("truth\n")
        do {
            _ = try await answers.next(limit: .seconds(30))
        } catch {
            if error is CancellationError { throw error }
            throw OrchestrationError(
                .measurementFailed,
                "the laboratory did not write its truth: \(error)",
                cause: error
            )
        }
    }

    func stop() async {
        input.finish()
        let process = process
        // A child that does not end by itself is ended by the cancellation of its task.
        let impatience = Task {
            try await Task.sleep(for: .seconds(10))
            process.cancel()
        }
        await process.value
        impatience.cancel()
    }

    /// Runs the child to its end; a child that stays after its input has ended gets signals.
    private static func runChild(
        _ executable: String,
        _ arguments: [String],
        errorFile: String,
        input: AsyncStream<String>,
        answers: AnswerQueue
    ) async {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let configuration = Configuration(
            executable: .path(FilePath(executable)),
            arguments: Arguments(arguments),
            platformOptions: options
        )
        do {
            let errors = try FileDescriptor.open(
                FilePath(errorFile),
                .writeOnly,
                options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
            let result = try await run(
                configuration,
                input: .inputWriter,
                output: .sequence,
                error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
            ) { execution in
                let writer = execution.standardInputWriter
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await line in input { _ = try await writer.write(line) }
                        try await writer.finish()
                    }
                    var lines = LineSplitter(limitBytes: 1 << 20)
                    for try await buffer in execution.standardOutput {
                        let found = buffer.withUnsafeBytes { lines.append($0) }
                        for line in found { answers.put(line) }
                    }
                    group.cancelAll()
                }
            }
            answers.end("it \(result.terminationStatus.isSuccess ? "ended" : "failed: \(result.terminationStatus)")")
        } catch {
            answers.end("\(error)")
        }
    }
}

/// Makes lines of bytes; a line beyond the limit is dropped.
struct LineSplitter {
    private var held: [UInt8] = []
    private let limitBytes: Int

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) -> [String] {
        held.append(contentsOf: bytes)
        var pieces = held.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        held = pieces.popLast().map(Array.init) ?? []
        if held.count > limitBytes { held = [] }
        return pieces.map { String(decoding: $0, as: UTF8.self) }
    }
}
