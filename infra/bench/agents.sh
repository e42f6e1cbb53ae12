# shellcheck shell=bash disable=SC2034
# Shared by the benchmarks that run agents on loopback; sourced, never run. Everything started here is ended by its id.

# shellcheck source=SCRIPTDIR/../common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# What cannot be measured is no result: 2, where a broken limit is 1.
fail() {
    printf 'infra/bench/%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

[ "$(uname -s)" = Linux ] || fail "reads /proc, which only Linux has"
bin=${LATEXP_BIN:-$top/bin}
lab=$bin/latexp-lab
work=$(mktemp -d)
pids=()

clean_up() {
    local pid
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 2' INT TERM

need_programs() {
    local program
    for program in "$@"; do [ -x "$program" ] || fail "there is no $program yet: infra/build"; done
}

# start NAME COMMAND...: runs it in a folder of its own in the background; sets `started` to its process id.
start() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    (cd "$work/$name" && exec "$@") >"$work/$name/out" 2>"$work/$name/err" </dev/null &
    started=$!
    pids+=("$started")
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local until=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || fail "waited in vain for $what; $(last_words)"
        sleep 0.1
    done
}

# last_words: what the programs said last on standard error, without the parser's reminders.
last_words() {
    local file
    for file in "$work"/*/err; do
        [ -s "$file" ] || continue
        printf '%s: %s ' "$(basename "$(dirname "$file")")" \
            "$(grep -vE '^ *(Usage:|See |latexp-agent [a-z]+ \[)' "$file" | tail -n 2 | tr '\n' ' ')"
    done
}

# make_certificate: leaves cert.pem and key.pem in $work, for localhost and 127.0.0.1.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
        -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 >/dev/null 2>&1 \
        || fail "openssl made no certificate"
}

# number_in FILE NAME: the last number that the JSON in FILE has under NAME; nothing when there is none.
number_in() { grep -o "\"$2\":[0-9]*" "$1" 2>/dev/null | tail -n 1 | cut -d : -f 2; }

# start_feed RATE SECONDS CLIENTS [OPTION...]: sets `feed` (process), `feed_port`.
start_feed() {
    local rate=$1 seconds=$2 clients=$3
    shift 3
    start feed "$lab" feed --rate "$rate" --seconds "$seconds" --clients "$clients" "$@"
    feed=$started
    wait_for 10 "the feed" has_number "$work/feed/out" port
    feed_port=$(number_in "$work/feed/out" port)
}

has_number() { [ -n "$(number_in "$1" "$2")" ]; }

# relay_port NAME: the port on which the receiver that was started as NAME takes forwarders.
relay_port() {
    wait_for 10 "the receiver to listen" ports_are_there "$1"
    grep -ho '"aws-backbone":[0-9]*' "$work/$1"/*/ports.json | cut -d : -f 2
}

ports_are_there() { compgen -G "$work/$1/*/ports.json" >/dev/null; }

# memory_kb PID NAME: VmRSS or VmHWM of a process.
memory_kb() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }

descriptors() {
    local all=("/proc/$1/fd"/*)
    echo "${#all[@]}"
}

is_running() { kill -0 "$1" 2>/dev/null; }
