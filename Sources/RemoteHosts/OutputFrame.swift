import Foundation

/// Finds a command's own output in what a login shell's start-up files, and the command's descendants, print around it.
///
///     anything a profile prints
///     LATEXP1 <token> begin
///     the command's output, any bytes
///     LATEXP1 <token> exit <status>
///
/// Both lines begin with a line feed of their own, so the output needs no line feed at its end. The token is random.
/// SSH's own exit status cannot be used: libssh2 says 0 also when none came.
final class OutputFrame {
    enum State: Equatable {
        case beforeBegin
        case body
        case trailer
        case ended(exitCode: Int32)
    }

    private(set) var state = State.beforeBegin
    /// What came instead of a frame, its start only: for the message when none comes.
    var unframed: [UInt8] { state == .beforeBegin ? preamble + held : preamble }

    private let begin: [UInt8]
    private let exit: [UInt8]
    private let preambleLimitBytes: Int
    private let deliver: (UnsafeRawBufferPointer) throws -> Void
    private var held: [UInt8] = []
    private var preamble: [UInt8] = []
    private var preambleBytes = 0

    init(
        token: String,
        preambleLimitBytes: Int = 1 << 20,
        deliver: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.begin = Array("\nLATEXP1 \(token) begin\n".utf8)
        self.exit = Array("\nLATEXP1 \(token) exit ".utf8)
        self.preambleLimitBytes = preambleLimitBytes
        self.deliver = deliver
    }

    static func makeToken() -> String {
        String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    /// The program that runs `script` and frames what it prints; standard error gets both lines, too.
    static func program(token: String, script: String, arguments: [String]) -> String {
        let words = ([script, "sh"] + arguments).map(ShellQuoting.quote).joined(separator: " ")
        return """
            printf '\\nLATEXP1 %s begin\\n' \(token)
            printf '\\nLATEXP1 %s begin\\n' \(token) >&2
            /bin/sh -c \(words)
            r=$?
            printf '\\nLATEXP1 %s exit %d\\n' \(token) $r >&2
            printf '\\nLATEXP1 %s exit %d\\n' \(token) $r
            exit $r
            """
    }

    /// Takes the next bytes; returns false when so much came before the frame that it is not worth waiting for it.
    func consume(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        held.append(contentsOf: bytes)
        if state == .beforeBegin {
            guard let position = held.firstPosition(of: begin) else {
                keepPreamble(held.count - (begin.count - 1))
                return preambleBytes <= preambleLimitBytes
            }
            keepPreamble(position)
            held.removeFirst(begin.count)
            state = .body
        }
        if state == .body {
            guard let position = held.firstPosition(of: exit) else {
                try deliverHeld(held.count - (exit.count - 1))
                return true
            }
            try deliverHeld(position)
            held.removeFirst(exit.count)
            state = .trailer
        }
        if state == .trailer { readTrailer() }
        return true
    }

    private func keepPreamble(_ count: Int) {
        guard count > 0 else { return }
        preamble.append(contentsOf: held.prefix(count).prefix(max(0, 2048 - preamble.count)))
        preambleBytes += count
        held.removeFirst(count)
    }

    private func deliverHeld(_ count: Int) throws {
        guard count > 0 else { return }
        try held.withUnsafeBytes { try deliver(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        held.removeFirst(count)
    }

    private func readTrailer() {
        guard let lineEnd = held.firstIndex(of: UInt8(ascii: "\n")) else { return }
        // A line that is no number is none that our program printed: then there is no status, and the caller says so.
        guard let code = Int32(String(decoding: held[..<lineEnd], as: UTF8.self)) else { return }
        held.removeAll()
        state = .ended(exitCode: code)
    }
}

extension [UInt8] {
    /// Where `pattern` begins, searched with the C library since bulk data goes through here.
    fileprivate func firstPosition(of pattern: [UInt8]) -> Int? {
        withUnsafeBytes { haystack in
            pattern.withUnsafeBytes { needle in
                guard let start = haystack.baseAddress, let wanted = needle.baseAddress else { return nil }
                var position = 0
                while position + needle.count <= haystack.count {
                    let candidates = haystack.count - needle.count - position + 1
                    guard let found = memchr(start + position, Int32(needle[0]), candidates) else { return nil }
                    position = UnsafeRawPointer(found) - start
                    if memcmp(found, wanted, needle.count) == 0 { return position }
                    position += 1
                }
                return nil
            }
        }
    }
}
