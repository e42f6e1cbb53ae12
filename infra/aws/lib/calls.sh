# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# How AWS is called: one place that shows, retries, explains and keeps secrets out of messages.

# How long to wait between two looks at something that AWS takes time for.
pause=${LATEXP_AWS_PAUSE:-5}

# ask REGION SERVICE OPERATION ARGUMENT…: a call that changes nothing. Its output is in $answer, empty for "None".
# An error whose code matches $tolerated leaves that code in $refused; every other one ends the script, explained.
ask() {
    answer='' refused=''
    # With --dry-run, what does not exist yet stands there as <vpc-tokyo>: nothing can be asked about it.
    case "$dry_run $*" in yes*'<'*'>'*) return 0 ;; esac
    perform "$@"
}

# change PLACEHOLDER REGION SERVICE OPERATION ARGUMENT…: a call that changes something. With --dry-run it is only shown, on
# standard output, and $answer is the placeholder. Errors that match $again are tried again: what was just made, or is just
# going away, is not seen the same by all of AWS at once.
change() {
    local placeholder=$1 tries=0
    shift
    answer='' refused=''
    if [ "$dry_run" = yes ]; then
        show "$@"
        answer=$placeholder
        return 0
    fi
    [ "$verbose" = no ] || show "$@" >&2
    while :; do
        tolerated="${tolerated:-}${tolerated:+|}${again:-.*NotFound}" perform "$@"
        [ -n "$refused" ] || return 0
        if [ -n "${tolerated:-}" ] && [[ "$refused" =~ ^(${tolerated})$ ]]; then return 0; fi
        tries=$((tries + 1))
        [ "$tries" -lt "${most_tries:-12}" ] || explain "$@"
        sleep "$pause"
    done
}

perform() {
    local where=$1 service=$2 operation=$3 status=0 code
    shift 3
    answer='' refused=''
    answer=$(aws --region "$where" --output text "$service" "$operation" "$@" 2>"$scratch/error" </dev/null) || status=$?
    [ "$answer" != None ] || answer=''
    [ "$status" -ne 0 ] || return 0
    code=$(sed -n 's/^.*An error occurred (\([A-Za-z0-9.]*\)).*$/\1/p' "$scratch/error" | head -n 1)
    if [ -n "$code" ] && [ -n "${tolerated:-}" ] && [[ "$code" =~ ^(${tolerated})$ ]]; then
        refused=$code
        return 0
    fi
    explain "$where" "$service" "$operation" "$@"
}

# Shows a call as it could be typed.
show() {
    local where=$1 service=$2 operation=$3 word line
    shift 3
    line="aws --region $where $service $operation"
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=@,+-]* | '') line="$line '$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'" ;;
        *) line="$line $word" ;;
        esac
    done
    printf '%s\n' "$line" | redact
}

# Account numbers, access keys and what an encoded message may hold do not belong into logs.
redact() {
    sed -E -e 's/(^|[^0-9A-Za-z-])[0-9]{12}($|[^0-9A-Za-z])/\1<account>\2/g' -e 's/A[A-Z]{3}[0-9A-Z]{16}/<key>/g' \
        -e 's/(Encoded authorization failure message:).*/\1 <withheld>/' -e 's/(User: )[^ ]+/\1<you>/g'
}

# Ends the script: which call failed, where, why, and what to do about it.
explain() {
    local where=$1 service=$2 operation=$3 reason advice
    reason=$(redact <"$scratch/error" | sed '/^$/d' | tail -n 3)
    case $reason in
    *'Unable to locate credentials'* | *'credentials'*'not be found'* | *'config profile'*)
        advice="set up credentials first: aws configure, aws sso login, or AWS_PROFILE" ;;
    *ExpiredToken* | *'token'*expired* | *'Token has expired'*) advice="the credentials have expired: log in again (aws sso login)" ;;
    *AuthFailure* | *InvalidClientTokenId* | *UnrecognizedClient* | *SignatureDoesNotMatch*)
        advice="AWS does not know these credentials: look at aws configure list" ;;
    *RequestExpired* | *'not yet valid'*) advice="this machine's clock is wrong: set it" ;;
    *OptInRequired* | *'not subscribed'*) advice="this account has not enabled $where: enable it in the account's settings" ;;
    *VpcLimitExceeded* | *InternetGatewayLimitExceeded*)
        advice="the account has as many VPCs in $where as it may: delete one, or ask for a higher quota (Service Quotas)" ;;
    *InstanceLimitExceeded* | *VcpuLimitExceeded*) advice="ask for a higher quota of vCPUs in $where, or choose a smaller --type" ;;
    *InsufficientInstanceCapacity*) advice="AWS has no such machine free in $where now: run it again later, or choose another --type" ;;
    *IdempotentParameterMismatch*) advice="run infra/aws/down, then up" ;;
    *DependencyViolation*) advice="something that is not this experiment's uses it: look at what lies in that VPC (aws --region $where ec2 describe-network-interfaces, describe-security-groups, describe-subnets, each with --filters Name=vpc-id,Values=VPC); remove it and run this again" ;;
    *UnauthorizedOperation* | *AccessDenied* | *'not authorized'*)
        advice="these credentials may not do that: infra/aws/policy.json is the policy that suffices" ;;
    *Throttling* | *RequestLimitExceeded* | *SlowDown*) advice="AWS is throttling this account: run it again in a minute" ;;
    *'Could not connect'* | *'Connect timeout'* | *'Read timeout'* | *EndpointConnectionError*)
        advice="AWS was not reached: look at this machine's network; then run it again" ;;
    *) advice="run it again: what was made is found and kept; infra/aws/down removes all of it" ;;
    esac
    fail "aws $service $operation failed in $where
  ${reason:-it gave no reason}
  What to do: $advice"
}

# wait_for SECONDS WHAT FUNCTION ARGUMENT…: calls the function until it succeeds. Returns 1 when the time is over.
wait_for() {
    local limit=$1 what=$2 begun=$SECONDS told=no
    shift 2
    until "$@"; do
        [ $((SECONDS - begun)) -lt "$limit" ] || return 1
        if [ "$told" = no ]; then
            say "waiting for $what"
            told=yes
        fi
        sleep "$pause"
    done
}
