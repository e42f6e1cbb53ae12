/// The scripts that run on hosts: POSIX shell, arguments as `$1`, `$2`, nothing pasted in.
///
/// Paths are relative to the login directory. Each does one thing and says what it found in lines that
/// `HostFactsReader` and its neighbours read; what a host says is never run and never used as a path.
enum HostScripts {
    /// What the host is, in lines `key=value`.
    ///
    /// `$1` is the region that the host is said to be in, or nothing.
    ///
    /// On EC2 the metadata service (version 2, with a token) says type, region and zone. Elsewhere nobody may answer at
    /// its address, so that only a host of which a region is said is asked. Where curl is missing, bash has its own way
    /// to TCP.
    static let facts = """
        PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
        say() { printf '%s=%s\\n' "$1" "$2"; }
        say kernel "$(uname -srm)"
        say architecture "$(uname -m)"
        say system "$(. /etc/os-release 2>/dev/null && printf %s "$PRETTY_NAME")"
        say libc "$( (getconf GNU_LIBC_VERSION || ldd --version) 2>&1 | head -n 1)"
        say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
        say memory "$(awk '/^MemAvailable:/ {printf "%.0f", $2 * 1024}' /proc/meminfo 2>/dev/null)"
        say disk "$(df -Pk . 2>/dev/null | awk 'NR == 2 {printf "%.0f", $4 * 1024}')"
        if [ ! -w . ]; then say unwritable "$(pwd)"; fi
        for place in .cache/latexp/agents .cache/latexp .cache .; do
          [ -d "$place" ] || continue
          case ",$(findmnt -n -o OPTIONS -T "$place" 2>/dev/null)," in
            *,noexec,*) say noexec "$(findmnt -n -o TARGET -T "$place")" ;;
          esac
          break
        done
        say chrony "$(chronyc --version 2>/dev/null | head -n 1)"
        for tool in gzip setsid flock timeout; do
          command -v "$tool" >/dev/null 2>&1 || say missing "$tool"
        done
        command -v sha256sum >/dev/null 2>&1 || command -v shasum >/dev/null 2>&1 || say missing sha256sum
        case "$(cat /sys/class/dmi/id/sys_vendor /sys/hypervisor/uuid 2>/dev/null)" in
          *"Amazon EC2"*|ec2*) ;;
          *) [ -n "${1:-}" ] || exit 0 ;;
        esac
        address=169.254.169.254
        if command -v curl >/dev/null 2>&1; then
          ask() { curl -sf --noproxy '*' --connect-timeout 2 -m 3 -X "$1" -H "$3" "http://$address/latest/$2"; }
        elif command -v bash >/dev/null 2>&1; then
          ask() {
            timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/80" || exit 1
              printf "%s /latest/%s HTTP/1.0\\r\\nHost: %s\\r\\nContent-Length: 0\\r\\n%s\\r\\n\\r\\n" "$2" "$3" "$1" "$4" >&3
              exec cat <&3' bash "$address" "$@" 2>/dev/null |
              awk '{ sub(/\\r$/, "") } NR == 1 && $2 != 200 { exit 1 } body { print } $0 == "" { body = 1 }'
          }
        else
          exit 0
        fi
        token=$(ask PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60')
        [ -n "$token" ] || exit 0
        read_metadata() { ask GET "meta-data/$1" "X-aws-ec2-metadata-token: $token"; }
        say instance "$(read_metadata instance-type)"
        say region "$(read_metadata placement/region)"
        say zone "$(read_metadata placement/availability-zone-id)"
        exit 0
        """

    /// Tries to reach the TCP port `$2` of the address `$1`.
    ///
    /// Prints the status of the attempt (124: no answer in time; 127: nothing here can try), the nanoseconds that it
    /// took, and in the lines below what was said of it.
    static let reach = """
        export LC_ALL=C
        try() {
          if command -v bash >/dev/null 2>&1; then
            timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2"
          elif command -v curl >/dev/null 2>&1; then
            curl -sS --noproxy '*' -m 5 "telnet://$1:$2"
          else
            return 127
          fi
        }
        began=$(date +%s%N)
        said=$(try "$1" "$2" 2>&1 </dev/null)
        status=$?
        ended=$(date +%s%N)
        # Where date knows no nanoseconds, there are none.
        case "$began$ended" in *[!0-9]*) took= ;; *) took=$((ended - began)) ;; esac
        printf '%s %s\\n%s\\n' "$status" "$took" "$said"
        """

    /// Which of the ports `$@`, such as `tcp:8080` or `udp:8080`, are taken already: `port run`, the run being latexp's
    /// that has the port, or nothing.
    ///
    /// Where /proc does not tell, nothing is printed: the agent then finds out.
    static let takenPorts = """
        for place in "$@"; do
          port=${place#*:}
          # A TCP port is taken by who listens (0A) on it, a UDP port by whoever has it.
          case $place in udp:*) table=udp state= ;; *) table=tcp state=0A ;; esac
          # A host without IPv6 has no second table.
          cat "/proc/net/$table" "/proc/net/${table}6" 2>/dev/null | awk -v port="$(printf %04X "$port")" -v state="$state" '
            state == "" || $4 == state { n = split($2, part, ":"); if (part[n] == port) found = 1 }
            END { exit !found }' || continue
          run=
          for file in .cache/latexp/runs/*/*/ports.json; do
            grep -q ":$port[,}]" "$file" 2>/dev/null || continue
            block=${file%/*}
            flock -n -s "$block/lock" true 2>/dev/null || { run=${block%/*}; run=${run##*/}; }
          done
          printf '%s %s\\n' "$place" "$run"
        done
        exit 0
        """

    /// The moment and the hardware clock's error, `<wall ns> <seconds since boot> [<ns>]`, then what `chronyc -c
    /// tracking` says; `$@` are extra arguments.
    ///
    /// chronyc prints its errors on standard output, too. Status 127: there is no chronyc.
    static let clock = """
        PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
        wall=$(date +%s%N)
        case "$wall" in *[!0-9]*) wall=$(date +%s)000000000 ;; esac
        read -r boot rest 2>/dev/null </proc/uptime || boot=0
        phc=$(cat /sys/class/net/*/device/phc_error_bound 2>/dev/null | sort -n | tail -n 1)
        printf '%s %s %s\\n' "$wall" "$boot" "$phc"
        command -v chronyc >/dev/null 2>&1 || exit 127
        exec chronyc "$@" -c tracking
        """

    /// What time sources chronyd has; `$@` are extra arguments of chronyc.
    static let sources = """
        PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
        exec chronyc "$@" -n sources
        """

    /// The SHA-256 of the file `$1`, then `executable` if it is; nothing when there is no such file.
    static let hash = """
        [ -f "$1" ] || exit 0
        { sha256sum <"$1" || shasum -a 256 <"$1"; } 2>/dev/null | cut -c 1-64
        [ -x "$1" ] && echo executable
        """

    /// The agent's version; `$1` is its path.
    static let version = """
        case "$1" in /*) exec "$1" --version ;; *) exec "./$1" --version ;; esac
        """

    /// The agent's measurement of itself, as JSON; `$1` is its path.
    static let selfTest = """
        case "$1" in /*) exec "$1" selftest --json ;; *) exec "./$1" selftest --json ;; esac
        """

    /// Makes the directory `$1` anew and writes standard input to the file `secret` in it, readable by its owner alone.
    static let prepare = """
        umask 077
        rm -rf -- "$1" && mkdir -p -- "$1" && cd -- "$1" && cat >secret
        """

    /// Writes standard input to the file `$2` in the directory `$1`, by rename.
    static let writeFile = """
        umask 077
        cd -- "$1" && cat >"$2.tmp" && mv -f -- "$2.tmp" "$2"
        """

    /// The file `$2` in the directory `$1`; status 3 when it is not there.
    static let readFile = """
        cd -- "$1" 2>/dev/null || exit 3
        [ -f "$2" ] || exit 3
        exec cat -- "$2"
        """

    /// Tells the agent in the directory `$1` that the warm-up begins.
    static let go = """
        cd -- "$1" && : >go
        """

    /// Removes the file `$1`.
    static let forget = """
        rm -f -- "$1"
        """

    /// Tells the forwarder in the directory `$1` to break its relay connections off once.
    static let reconnect = """
        cd -- "$1" && : >reconnect
        """

    /// Which of the files `$2`, `$3`, … there are in the directory `$1`, a line each.
    static let list = """
        cd -- "$1" 2>/dev/null || exit 3
        shift
        for file in "$@"; do [ -f "$file" ] && printf '%s\\n' "$file"; done
        exit 0
        """

    /// The last lines that the agent in the directory `$1` wrote, for a message.
    static let tail = """
        cd -- "$1" 2>/dev/null || exit 0
        for file in log.jsonl err.log out.log; do
          [ -s "$file" ] && tail -n 8 -- "$file" | cut -c 1-400
        done
        exit 0
        """

    /// Removes the directory `$1`, and `$2` above it when nothing else is in it.
    static let remove = """
        rm -rf -- "$1" && { rmdir -- "$2" 2>/dev/null; [ ! -e "$1" ]; }
        """
}

/// Where latexp's files are on a host, relative to the login directory.
enum RemoteLayout {
    /// The agent whose content has this hash; the name carries it, so that builds never replace each other.
    static func agent(sha256: String) -> String { ".cache/latexp/agents/latexp-agent-\(sha256.prefix(16))" }

    /// What belongs to one run.
    static func run(_ runID: String) -> String { ".cache/latexp/runs/\(runID)" }

    /// An agent's directory: its host is in the name since two hosts of an experiment may be one machine.
    static func block(_ runID: String, host: String, number: Int) -> String { "\(run(runID))/\(host)-b\(number)" }

    /// The agent's path as seen from its directory.
    static func agentFromBlock(sha256: String) -> String {
        "../../../agents/latexp-agent-\(sha256.prefix(16))"
    }
}
