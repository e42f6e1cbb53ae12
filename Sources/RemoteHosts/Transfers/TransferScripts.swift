/// The remote side of a transfer, in POSIX shell.
enum TransferScripts {
    /// Prints the SHA-256 of its input; Linux and macOS name the tool differently.
    private static let digest = """
        digest() {
            if command -v sha256sum >/dev/null 2>&1; then set -- $(sha256sum); else set -- $(shasum -a 256); fi
            [ -n "$1" ] && echo "$1"
        }

        """

    /// Writes its input to `$1` with mode `$2` if it has the SHA-256 `$3`; `$4` is `gzip` for input that is compressed.
    ///
    /// What is there under the name stays until the new file is whole: the rename is the last step.
    static let upload =
        digest + """
            umask 077
            file=$1 mode=$2 expected=$3 how=$4
            case $file in */*) directory=${file%/*} ;; *) directory=. ;; esac
            mkdir -p "${directory:-/}" || exit 71
            [ ! -d "$file" ] || { echo "$file is a directory" >&2; exit 72; }
            # A part whose shell is gone was left by a host that went down: here, so that a shared home is nobody's trap.
            here=$file.tmp.$(uname -n)
            # A zombie answers signals, but has no program any more.
            is_alive() { if [ -d /proc/self ]; then [ -e "/proc/$1/exe" ]; else kill -0 "$1" 2>/dev/null; fi; }
            for part in "$here".*; do
                if [ -f "$part" ] && ! is_alive "${part##*.}"; then rm -f "$part"; fi
            done
            part=$here.$$
            trap 'rm -f "$part"' EXIT
            # Also when the connection is gone and nobody hears the last echo.
            trap 'exit 73' HUP INT TERM PIPE
            case $how in gzip) gzip -dc ;; *) cat ;; esac >"$part" || exit 74
            found=$(digest <"$part") || { echo 'neither sha256sum nor shasum is there' >&2; exit 75; }
            [ "$found" = "$expected" ] || { echo "$found"; exit 76; }
            chmod "$mode" "$part" && mv -f "$part" "$file" || exit 77
            echo "$found"
            """

    /// Prints the lengths of `$1` and of its beginning, that beginning, and the SHA-256 of the whole; refuses a file
    /// longer than `$2`.
    ///
    /// The beginning is the whole, or one of `$4` parts of a file longer than `$3`. The file may grow meanwhile: what
    /// it was at first is what counts.
    static let download =
        digest + """
            [ -f "$1" ] || { echo "$1 is no file" >&2; exit 71; }
            [ -r "$1" ] || { echo "$1 may not be read" >&2; exit 72; }
            size=$(wc -c <"$1") || exit 72
            size=$((size))
            [ "$size" -le "$2" ] || { echo "$size" >&2; exit 73; }
            first=$size unit=\(SplitDownload.unitBytes)
            if [ "$size" -gt "$3" ]; then first=$(((size / $4 + unit) / unit * unit)); fi
            [ "$first" -le "$size" ] || first=$size
            echo "$size $first"
            [ "$first" -eq 0 ] || head -c "$first" "$1" || exit 74
            { [ "$size" -eq 0 ] || head -c "$size" "$1"; } | digest || exit 75
            """

    /// Prints `$3` units of `$1` that begin after `$2` of them: dd finds them without reading what is before.
    static let part = """
        exec dd if="$1" bs=\(SplitDownload.unitBytes) skip="$2" count="$3" 2>/dev/null
        """

    /// What the upload's exit codes mean where another than `transferFailed` fits better.
    static let hashMismatchCode: Int32 = 76
    /// The download's exit code for a file beyond the limit.
    static let tooLongCode: Int32 = 73

    /// A path that no tool takes for an option.
    static func safePath(_ path: String) -> String {
        path.hasPrefix("/") ? path : "./" + path
    }
}

extension RemoteHostError {
    static func hashMismatch(host: String, path: String, expected: String, found: String) -> RemoteHostError {
        RemoteHostError(
            .hashMismatch,
            host: host,
            "\(path) arrived with SHA-256 \(found.condensed(to: 64)), expected was \(expected): it was thrown away"
        )
    }

    static func fileTooLong(host: String, path: String, bytes: Int64, limitBytes: Int64) -> RemoteHostError {
        RemoteHostError(
            .transferFailed,
            host: host,
            "\(path) has \(bytes) bytes, more than the limit of \(limitBytes): it was not copied"
        )
    }

    static func outputTooLong(host: String, _ command: RemoteCommand) -> RemoteHostError {
        RemoteHostError(
            .outputTooLong,
            host: host,
            "'\(command.summary)' wrote more than its limit of \(command.outputLimitBytes) bytes"
        )
    }
}
