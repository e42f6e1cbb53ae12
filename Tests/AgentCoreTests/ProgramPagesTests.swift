import Foundation
import Testing

@testable import AgentCore

struct ProgramPagesTests {
    @Test func `only code out of a file is given back`() {
        let code = "00400000-0041d000 r-xp 00001000 fe:00 131         /usr/bin/latexp-agent"
        #expect(ProgramPages.codeOfFile(code) == 0x400000..<0x41d000)
        for line in [
            "00400000-0041d000 r--p 00001000 fe:00 131         /usr/bin/latexp-agent",
            "00400000-0041d000 rwxp 00001000 fe:00 131         /usr/bin/latexp-agent",
            "00400000-0041d000 rw-p 00001000 fe:00 131         /usr/bin/latexp-agent",
            "7ffd53d9e000-7ffd53da0000 r-xp 00000000 00:00 0                  [vdso]",
            "7ffd53d9e000-7ffd53da0000 r-xp 00000000 00:00 0 ", "0-0 r-xp 0 0 0 /a", "", "x-y r-xp 0 0 0 /a",
        ] { #expect(ProgramPages.codeOfFile(line) == nil, "\(line)") }
    }

    #if os(Linux)
        /// This test's own program: it is large, goes on working, and is smaller afterwards.
        @Test func `the program is smaller afterwards and goes on`() throws {
            let before = try Self.fileKilobytes()
            ProgramPages.giveBack()
            let after = try Self.fileKilobytes()
            print("pages of files in memory: \(before) kB, then \(after) kB")
            #expect(after < before)
        }

        private static func fileKilobytes() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
            return try #require(Int(line.filter(\.isNumber)))
        }
    #endif
}
