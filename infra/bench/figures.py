"""Figures of benches in one form. A bench measures round by round: this, and a peer right beside it.

Of the rounds come medians and spreads, and ratios taken round by round, so that what slows the whole machine for a
while cancels out. Shell scripts write a line for each round, fields parted by tabs (what, quantity, unit, better, peer,
ours, theirs; rows.sh does so), and end with

    python3 infra/bench/figures.py --json FILE --program NAME -- ROWS ARGUMENT…      NAME, ARGUMENTs: the bench's own

A figure: {"what", "quantity", "unit", "better": "less" or "more", "peer", "rounds", "command", "ours", "theirs",
"ratio"}; the last three are {"median", "least", "most"}, and "ratio" is ours / theirs.
"""

import argparse
import json
import pathlib
import shlex
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


class Rows:
    """What each round gave; a figure for each (what, quantity, peer), in the order in which they first came."""

    def __init__(self):
        self._rounds = {}

    def add(self, what, quantity, unit, ours, peer, theirs, better="less"):
        if better not in ("less", "more"):
            raise ValueError(f"{what}, {quantity}: less or more is better, not {better}")
        if float(theirs) <= 0:
            raise ValueError(f"{what}, {quantity}: {peer} has {theirs}, which is not above zero")
        self._rounds.setdefault((what, quantity, unit, better, peer), []).append((float(ours), float(theirs)))

    def figures(self, command):
        return [self._figure(key, rounds, command) for key, rounds in self._rounds.items()]

    def _figure(self, key, rounds, command):
        what, quantity, unit, better, peer = key
        return {
            "what": what, "quantity": quantity, "unit": unit, "better": better, "peer": peer, "rounds": len(rounds),
            "command": command, "ours": spread(ours for ours, _ in rounds),
            "theirs": spread(theirs for _, theirs in rounds), "ratio": spread(ours / theirs for ours, theirs in rounds),
        }


def spread(values):
    values = list(values)
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def name_of(figure):
    """What a figure is called in thresholds and messages."""
    return f"{figure['what']}: {figure['quantity']} by {figure['peer']}"


def command_line(program, arguments):
    """The command as one types it: without where its JSON goes."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument == "--json" or argument.startswith("--json="):
            skip = not skip and argument == "--json"
            continue
        kept.append(argument)
    return shlex.join([f"infra/bench/{program}", *kept])


def write(path, figures):
    if not figures:
        raise ValueError("no figures: nothing was measured")
    pathlib.Path(path).write_text(json.dumps({"figures": figures}, indent=2) + "\n")


def python_with(module):
    """This interpreter or the system's, whichever has the module; None when neither has."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0:
            return python
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", required=True, metavar="FILE")
    parser.add_argument("--program", required=True)
    parser.add_argument("rows")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    rows = Rows()
    for line in pathlib.Path(options.rows).read_text().splitlines():
        what, quantity, unit, better, peer, ours, theirs = line.split("\t")
        rows.add(what, quantity, unit, ours, peer, theirs, better)
    write(options.json, rows.figures(command_line(options.program, options.arguments)))


if __name__ == "__main__":
    main()
