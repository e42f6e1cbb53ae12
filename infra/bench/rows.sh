# shellcheck shell=bash disable=SC2034
# What a bench measured, for --json FILE; sourced by benches behind common.sh. figures.py says what a row is.

given=("$@")

# add_round WHAT QUANTITY UNIT BETTER PEER OURS THEIRS: one round of a figure, into the file `rows`.
add_round() {
    local IFS=$'\t'
    printf '%s\n' "$*" >>"${rows:?}"
}

# write_figures FILE: all rows as figures, with the command that this is.
write_figures() {
    python3 "${top:?}/infra/bench/figures.py" --json "$1" --program "$(basename "$0")" -- "${rows:?}" "${given[@]}"
}
