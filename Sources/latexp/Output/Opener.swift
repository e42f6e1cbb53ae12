import Foundation

/// Shows a file with whatever the user's desktop shows such files with.
enum Opener {
    /// Opens the file at `path`; where nothing can, says where it is.
    static func open(_ path: String) {
        let address = URL(filePath: path).absoluteURL.absoluteString
        var failures: [String] = []
        for name in candidates {
            guard let program = find(name) else { continue }
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = [path]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            do {
                try process.run()
            } catch {
                failures.append("\(program) cannot be run")
                continue
            }
            process.waitUntilExit()
            if process.terminationStatus == 0 { return }
            failures.append("\(program) ended with status \(process.terminationStatus)")
        }
        Terminal.errors.write("latexp: \(reason(failures)); it is \(address)\n")
    }

    /// Why nothing was shown: a program that is there and has no browser to hand the file to is not one that is missing.
    static func reason(_ failures: [String]) -> String {
        failures.isEmpty
            ? "nothing here opens files (no \(candidates.joined(separator: ", no ")))"
            : "the report could not be shown: \(failures.joined(separator: ", ")); is there a browser? BROWSER names one"
    }

    /// The programs that do so: of the user's choice, Linux desktops, Windows' Linux, macOS.
    private static var candidates: [String] {
        #if os(macOS)
            ["open"]
        #else
            [ProcessInfo.processInfo.environment["BROWSER"]].compactMap { $0 }.filter {
                !$0.isEmpty && !$0.contains(" ")
            }
                + ["xdg-open", "wslview"]
        #endif
    }

    private static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
