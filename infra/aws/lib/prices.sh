# shellcheck shell=bash disable=SC2015,SC2034,SC2154
# Prices, from a table with a date: AWS changes them, and takes less or more from some accounts.

price_table=$aws_folder/prices.json
price_date=$(sed -n 's/^ *"asOf": "\([^"]*\)".*/\1/p' "$price_table")

# find_price KEY: in $price, empty when the table does not have it.
find_price() {
    price=$(awk -F '"' -v key="$1" '$2 == key { gsub(/[^0-9.]/, "", $3); print $3; exit }' "$price_table")
}

sum() { awk -v a="$1" -v b="$2" -v factor="${3:-1}" 'BEGIN { printf "%.6f", a + b * factor }'; }
dollars() { awk -v a="$1" -v digits="${2:-4}" 'BEGIN { printf "%." digits "f USD", a }'; }

# add_price KEY [FACTOR]: adds to $total, or notes that the table does not know it.
add_price() {
    find_price "$1"
    if [ -n "$price" ]; then
        total=$(sum "$total" "$price" "${2:-1}")
    else
        unknown="$unknown, $1"
    fi
}

settle_hours_cost() {
    hours_cost=$(dollars "$total")
    [ -z "$unknown" ] || hours_cost="at least $hours_cost (not in the table:${unknown#,})"
}

# What the experiment as asked for costs an hour, in $hours_cost; a month has 730 hours.
find_hours_cost() {
    local side
    total=0 unknown=''
    for side in 0 1; do
        add_price "instance-hour ${region[$side]} ${type[$side]}"
        add_price "volume-gb-month ${region[$side]} gp3" "$(awk 'BEGIN { print 8 / 730 }')"
        add_price public-ipv4-hour
    done
    if [ "$accelerator" = yes ]; then
        add_price accelerator-hour
        add_price public-ipv4-hour 2
    fi
    settle_hours_cost
}

# What was found costs an hour: $listed as list_region leaves it, and the accelerator.
cost_of_listed() {
    local where kind id rest words
    total=0 unknown=''
    while IFS=$'\t' read -r where kind id rest; do
        IFS=$'\t' read -r -a words <<<"$rest"
        case $kind in
        instance)
            case ${words[0]} in pending | running) ;; *) continue ;; esac
            add_price "instance-hour $where ${words[1]}"
            [ "${words[2]}" = None ] || add_price public-ipv4-hour
            ;;
        volume) add_price "volume-gb-month $where ${words[2]}" "$(awk -v size="${words[1]}" 'BEGIN { print size / 730 }')" ;;
        esac
    done <<<"$listed"
    if [ -n "$accelerator_arn" ]; then
        add_price accelerator-hour
        add_price public-ipv4-hour 2
    fi
    settle_hours_cost
}
