/// Turns text into words that a shell takes literally.
enum ShellQuoting {
    /// The text as one word for a POSIX shell, in single quotes.
    static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// The text as it is when a shell takes it literally so, else in quotes: for commands that a person shall read.
    static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 128 && (character.isLetter || character.isNumber || "/._-+@:,".contains(character))
        }
        return isPlain && !text.isEmpty ? text : quote(text)
    }

    /// A command line that any login shell (POSIX, fish, csh) hands over to `/bin/sh` unchanged.
    ///
    /// Shells differ in what means something inside single quotes: the quote itself in all, a backslash in fish, `!`
    /// and a line's end in csh. These, and all that is not printable ASCII, travel as octal escapes, which `printf %b`
    /// undoes.
    static func portableCommandLine(forProgram program: String) -> String {
        var encoded = ""
        for byte in program.utf8 {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "!"), 0..<32, 127...:
                let octal = String(byte, radix: 8)
                encoded += "\\0" + String(repeating: "0", count: 3 - octal.count) + octal
            default:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return "exec /bin/sh -c 'eval \"$(printf %b \"$1\")\"' sh '\(encoded)'"
    }
}
