# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder; sourced, never run.

# shellcheck source=SCRIPTDIR/../common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

fail() {
    printf 'infra/lab/%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# The lab's own folder: its files while it is up, and how to talk to it. Ignored by git.
lab=${LATEXP_LAB_DIRECTORY:-$top/.lab}
# In each folder that a lab made, and in no other: only such a one is ever removed.
mark=latexp-lab-folder
program=${LATEXP_BIN:-$top/bin}/latexp-lab

need_root_on_linux() {
    [ "$(uname -s)" = Linux ] || fail "the network lab is made of network namespaces, which only Linux has"
    [ "$(id -u)" -eq 0 ] || fail "the network lab makes network namespaces, which needs root: sudo infra/lab/$(basename "$0")"
}

lab_pid() { cat "$lab/pid" 2>/dev/null || true; }

is_up() {
    local pid
    pid=$(lab_pid)
    # The name as well as the number: numbers are used again.
    [ -n "$pid" ] && grep -q latexp-lab "/proc/$pid/comm" 2>/dev/null
}

# Removes the lab's folder. Refuses one that no lab made, whatever it holds; an empty one goes.
remove_folder() {
    [ -e "$lab" ] || [ -L "$lab" ] || return 0
    [ ! -L "$lab" ] || fail "$lab is a symbolic link, and a lab's folder is none: nothing was removed"
    [ -d "$lab" ] || fail "$lab is no folder: nothing was removed"
    if [ -f "$lab/$mark" ]; then
        rm -rf -- "$lab"
    else
        rmdir -- "$lab" 2>/dev/null \
            || fail "$lab was made by no lab (it has no file $mark): nothing was removed; set LATEXP_LAB_DIRECTORY to a folder of the lab's own"
    fi
}

# Prints the script's own head, which is its help, when that is asked for.
help_if_asked() {
    case ${1:-} in
    -h | --help)
        sed -n '2,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p;}' "$0"
        exit 0
        ;;
    esac
}

need_up() { is_up || fail "the lab is not up: infra/lab/up"; }

# Ends with what the lab's answer says went wrong, if anything did.
fail_on_error() {
    case $1 in
    *'"error"'*) fail "$(sed 's/^{"error":"//; s/"}$//; s/\\\(.\)/\1/g' <<<"$1")" ;;
    esac
}

# Says a line to the lab and prints its answer.
ask() {
    local before
    (
        flock 9
        before=$(wc -l <"$lab/answers")
        printf '%s\n' "$*" >"$lab/control"
        for _ in $(seq 200); do
            if [ "$(wc -l <"$lab/answers")" -gt "$before" ]; then
                tail -n +"$((before + 1))" "$lab/answers" | head -n 1
                exit 0
            fi
            is_up || fail "the lab has ended: see $lab/log"
            sleep 0.05
        done
        fail "the lab did not answer within 10 s: see $lab/log"
    ) 9>"$lab/lock"
}
