import Foundation

/// Shows a file with whatever the user's desktop shows such files with.
enum Opener {
    /// Opens the file at `path`; where nothing can, says where it is.
    static func open(_ path: String) {
        let address = URL(filePath: path).absoluteURL.absoluteString
        for name in candidates {
            guard let program = find(name) else { continue }
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = [path]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { continue }
            process.waitUntilExit()
            if process.terminationStatus == 0 { return }
        }
        Terminal.errors.write(
            "latexp: nothing here opens files (\(candidates.joined(separator: ", "))); it is \(address)\n"
        )
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
