# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder; sourced, never run. Bash 3.2 of macOS is enough for all of them.

set -euo pipefail

# The repository's top folder.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'infra/%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo with a reason.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "needs root to run: $* - become root, or install sudo, or have an administrator run it"
    fi
}

have_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

# Installs Debian packages that are not there yet. Their daemons are not started: the simulated world runs its own, on
# loopback only. Where systemd runs, chrony is started all the same, since it takes the place of the machine's time service.
install_debian() {
    local missing=() package new_sshd=no
    for package in "$@"; do
        have_package "$package" || missing+=("$package")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        say "all packages are there: $*"
        return
    fi
    say "installing ${missing[*]}"
    command -v apt-get >/dev/null 2>&1 || fail "no apt-get here; install the equivalents of: ${missing[*]}"
    have_package openssh-server || new_sshd=yes
    local policy=/usr/sbin/policy-rc.d made_policy=no
    if [ ! -e "$policy" ]; then
        # Debian asks this file before it starts a service (101 says no).
        # shellcheck disable=SC2016
        printf '#!/bin/sh\n[ "$1" = chrony ] && [ -d /run/systemd/system ] && exit 0\nexit 101\n' \
            | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        made_policy=yes
    fi
    local status=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 \
        || status=$?
    if [ "$made_policy" = yes ]; then as_root rm -f "$policy"; fi
    [ "$status" -eq 0 ] || fail "apt-get could not install ${missing[*]} (its reason stands above)"
    if [ "$new_sshd" = yes ] && have_package openssh-server && [ -d /run/systemd/system ]; then
        as_root systemctl disable --quiet ssh.service ssh.socket 2>/dev/null || true
    fi
}

# Makes sure of what building and running need. Arguments: further Debian packages.
install_needs() {
    command -v swift >/dev/null 2>&1 || fail "Swift is not installed: get 6.2 or later from https://www.swift.org/install"
    case $(uname -s) in
    Linux) install_debian libssl-dev libssh2-1-dev pkg-config openssh-client openssh-server chrony openssl "$@" ;;
    Darwin)
        command -v brew >/dev/null 2>&1 || fail "Homebrew is not installed: see https://brew.sh, then run this again"
        local formula missing=()
        for formula in libssh2 openssl@3 chrony; do
            brew list --formula "$formula" >/dev/null 2>&1 || missing+=("$formula")
        done
        [ "${#missing[@]}" -eq 0 ] || fail "install what is missing, then run this again: brew install ${missing[*]}"
        ;;
    *) fail "runs on Linux and macOS, not on $(uname -s)" ;;
    esac
}
