import CSockets

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The program's own code in memory.
enum ProgramPages {
    /// Gives the pages of the program's code back to the system, which brings those that are used again at their next
    /// use.
    ///
    /// Starting (reading a plan, trusted certificates, the first handshake) touches megabytes of code that the
    /// measurement never uses, and Linux maps sixteen pages for each one touched. Nothing is lost: code is the same in
    /// the file.
    static func giveBack() {
        guard let maps = try? Data(contentsOf: URL(filePath: "/proc/self/maps")) else { return }
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            guard let range = codeOfFile(String(decoding: line, as: UTF8.self)) else { continue }
            latexp_give_back(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count)
        }
    }

    /// The addresses of a line of `/proc/self/maps` (proc(5)) that is code out of a file: readable, executable, not
    /// writable.
    ///
    /// Only code: read-only data may hold addresses that the start of the program wrote there.
    static func codeOfFile(_ line: String) -> Range<UInt>? {
        let fields = line.split(separator: " ", maxSplits: 5)
        guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).hasPrefix("/") else {
            return nil
        }
        let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        return ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
    }
}
