# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# Shared by the scripts of infra/aws; sourced, never run. Bash 3.2 of macOS is enough for all of them.
#
# An experiment has two sides, 0 and 1: arrays hold what belongs to each. Side 0 is the forwarder (Tokyo), side 1 the
# receiver (Frankfurt). Everything that is made carries the tag latexp-experiment=NAME, and is found again by it alone.

set -euo pipefail

aws_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
top=$(cd "$aws_folder/../.." && pwd)
tag=latexp-experiment

say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'infra/aws/%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# What only this process writes, gone at its end.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/latexp-aws.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# --- What can be chosen. The command line wins over what this experiment was made with, and that over these.

name=latexp
region=(ap-northeast-1 eu-central-1)
cidr=(10.0.0.0/16 10.1.0.0/16)
subnet_cidr=("" "")
host=(tokyo frankfurt)
type=(t3.micro t3.micro)
image=("" "")
port=8080
udp=no
accelerator=no
accelerator_port=8081
ttl=4h
ssh_from=
inventory=$top/experiments/hosts.json
dry_run=no
everywhere=no
regions_given=no
verbose=no

state_home=${LATEXP_AWS_STATE:-$HOME/.latexp/aws}

# Options of all scripts. Leaves in $taken how many words it used: 0 when the option is none of these.
common_option() {
    taken=2
    case $1 in
    --name | --region-tokyo | --region-frankfurt)
        [ -n "${2:-}" ] || fail "$1 needs a value"
        case $1 in
        --name) name=$2 ;;
        --region-tokyo) region[0]=$2 regions_given=yes ;;
        --region-frankfurt) region[1]=$2 regions_given=yes ;;
        esac
        ;;
    --dry-run) dry_run=yes taken=1 ;;
    --verbose) verbose=yes taken=1 ;;
    --help | -h) usage && exit 0 ;;
    *) taken=0 ;;
    esac
}

# The experiment's name must be known before its settings can be read; an option that stands before it is not lost, since
# all options are read again afterwards.
begin() {
    local previous=
    local word
    for word in "$@"; do
        [ "$previous" != --name ] || name=$word
        previous=$word
    done
    [[ "$name" =~ ^[a-z0-9][a-z0-9-]{0,31}$ ]] || fail "--name $name: use up to 32 of a-z, 0-9 and -, not - first"
    state=$state_home/$name
    key_file=$state/key
    key_name=latexp-$name
    load_settings
    command -v aws >/dev/null 2>&1 || fail "the AWS CLI is not installed: see https://aws.amazon.com/cli"
    # The pager of version 2 would wait for a key, and lost answers would be lost.
    export AWS_PAGER="" AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-6}"
}

load_settings() {
    had_settings=no
    [ -f "$state/settings" ] || return 0
    had_settings=yes
    local key value
    while IFS='=' read -r key value; do
        case $key in
        region_0) region[0]=$value ;;
        region_1) region[1]=$value ;;
        cidr_0) cidr[0]=$value ;;
        cidr_1) cidr[1]=$value ;;
        subnet_0) subnet_cidr[0]=$value ;;
        subnet_1) subnet_cidr[1]=$value ;;
        host_0) host[0]=$value ;;
        host_1) host[1]=$value ;;
        type_0) type[0]=$value ;;
        type_1) type[1]=$value ;;
        port) port=$value ;;
        udp) udp=$value ;;
        accelerator) accelerator=$value ;;
        accelerator_port) accelerator_port=$value ;;
        ttl) ttl=$value ;;
        inventory) inventory=$value ;;
        esac
    done <"$state/settings"
}

save_settings() {
    (
        umask 077
        mkdir -p "$state"
        printf '%s\n' "region_0=${region[0]}" "region_1=${region[1]}" "cidr_0=${cidr[0]}" "cidr_1=${cidr[1]}" \
            "subnet_0=${subnet_cidr[0]}" "subnet_1=${subnet_cidr[1]}" "host_0=${host[0]}" "host_1=${host[1]}" \
            "type_0=${type[0]}" "type_1=${type[1]}" "port=$port" "udp=$udp" "accelerator=$accelerator" \
            "accelerator_port=$accelerator_port" "ttl=$ttl" "inventory=$inventory" >"$state/settings.new"
        mv "$state/settings.new" "$state/settings"
    )
}

# --- Checks of what was given.

check_region() {
    [[ "$1" =~ ^[a-z]{2}(-[a-z]+)+-[0-9]+$ ]] || fail "$1 is no AWS region, such as ap-northeast-1"
}

check_regions() {
    check_region "${region[0]}"
    check_region "${region[1]}"
    [ "${region[0]}" != "${region[1]}" ] || fail "both hosts are in ${region[0]}: what is compared are two regions"
}

check_port() { [[ "$1" =~ ^[0-9]{1,5}$ ]] && [ "$1" -ge 1 ] && [ "$1" -le 65535 ] || fail "$1 is no port"; }

# The first address of a block as a number in $first, its size in $size; the block must be written in full.
read_cidr() {
    [[ "$1" =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})/([0-9]{1,2})$ ]] \
        || fail "$1 is no block of addresses, such as 10.0.0.0/16"
    local octet
    for octet in "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}"; do
        [ "$octet" -le 255 ] && [ "$octet" = "$((10#$octet))" ] || fail "$1: $octet is no octet"
    done
    [ "${BASH_REMATCH[5]}" -le 32 ] || fail "$1: a block has 0 to 32 bits"
    first=$((BASH_REMATCH[1] << 24 | BASH_REMATCH[2] << 16 | BASH_REMATCH[3] << 8 | BASH_REMATCH[4]))
    size=$((1 << (32 - BASH_REMATCH[5])))
    [ $((first % size)) -eq 0 ] || fail "$1: bits are set beyond /${BASH_REMATCH[5]}"
}

dotted() { printf '%d.%d.%d.%d' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }

# VPCs that overlap cannot be peered, so this is refused before anything is made.
check_cidrs() {
    local side first size first_0 size_0
    for side in 0 1; do
        read_cidr "${cidr[$side]}"
        [ "$size" -ge 16 ] && [ "$size" -le 65536 ] || fail "${cidr[$side]}: a VPC has /16 to /28"
        # The address two beyond the beginning is the VPC's resolver.
        resolver[side]=$(dotted $((first + 2)))
        if [ -z "${subnet_cidr[$side]}" ]; then
            # The second /24, as people number them; all of the VPC where that is smaller.
            subnet_cidr[side]=${cidr[$side]}
            [ "$size" -lt 512 ] || subnet_cidr[side]=$(dotted $((first + 256)))/24
        fi
        local vpc_first=$first vpc_size=$size
        read_cidr "${subnet_cidr[$side]}"
        [ "$size" -ge 16 ] || fail "${subnet_cidr[$side]}: a subnet has /16 to /28"
        [ "$first" -ge "$vpc_first" ] && [ $((first + size)) -le $((vpc_first + vpc_size)) ] \
            || fail "the subnet ${subnet_cidr[$side]} is not inside ${cidr[$side]}"
        if [ "$side" = 0 ]; then
            first_0=$vpc_first size_0=$vpc_size
        elif [ "$vpc_first" -lt $((first_0 + size_0)) ] && [ "$first_0" -lt $((vpc_first + vpc_size)) ]; then
            fail "${cidr[0]} and ${cidr[1]} overlap: VPCs with common addresses cannot be peered; choose another --cidr-…"
        fi
    done
}

# Seconds of a span such as 90m, 4h, 1d in $seconds.
read_span() {
    [[ "$1" =~ ^([1-9][0-9]{0,4})([mhd])$ ]] || fail "$1 is no span of time, such as 90m, 4h or 1d"
    case ${BASH_REMATCH[2]} in
    m) seconds=$((BASH_REMATCH[1] * 60)) ;;
    h) seconds=$((BASH_REMATCH[1] * 3600)) ;;
    d) seconds=$((BASH_REMATCH[1] * 86400)) ;;
    esac
    [ "$seconds" -ge 900 ] && [ "$seconds" -le 604800 ] || fail "$1: from 15m to 7d"
}

# --- Times: GNU's date and BSD's differ.

utc_of() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$1" +%Y-%m-%dT%H:%M:%SZ; }

# AWS writes fractions or an offset of zero behind the seconds; the first 19 characters are the same in all its forms.
epoch_of() {
    local text=${1:0:19}
    date -u -d "${text}Z" +%s 2>/dev/null || date -u -j -f %Y-%m-%dT%H:%M:%S "$text" +%s
}

# When an instance ends itself, in $until: from its launch, its span and what extend set, as find_tagged tells them. Empty: never.
find_end() {
    local seconds
    until=''
    if [ "$3" != None ]; then
        until=$(epoch_of "$3")
    elif [ "$2" != None ]; then
        read_span "$2"
        until=$(($(epoch_of "$1") + seconds))
    fi
}

# What the commands that are to be typed next need to mean the same experiment.
name_option() { [ "$name" = latexp ] || printf ' --name %s' "$name"; }

# Experiments other than this one of which this machine has settings, a name each.
other_experiments() {
    local each
    for each in "$state_home"/*/settings; do
        [ -f "$each" ] || continue
        each=$(basename "$(dirname "$each")")
        [ "$each" = "$name" ] || printf ' %s' "$each"
    done
}

say_others() {
    local others
    others=$(other_experiments)
    [ -z "$others" ] || say "this machine knows other experiments, too:$others (--name)"
}

hours_and_minutes() {
    local minutes=$(($1 / 60))
    [ "$minutes" -ge 60 ] && printf '%d h %02d min' $((minutes / 60)) $((minutes % 60)) || printf '%d min' "$minutes"
}

. "$aws_folder/lib/calls.sh"
. "$aws_folder/lib/find.sh"
