"""Figures of benches in one form. A bench measures round by round: this, and often a peer right beside it. Of the rounds come
medians and spreads, and ratios taken round by round, so that what slows the whole machine for a while cancels out.

Shell scripts write a line for each round, fields parted by tabs (what, quantity, unit, better, peer, ours, theirs), and end with

    python3 infra/bench/figures.py --json FILE --program NAME -- ROWS ARGUMENT…      NAME and ARGUMENTs: of the bench

A figure: {"what", "quantity", "unit", "better": "less" or "more", "peer", "rounds", "ours", "theirs", "ratio", "command"}; the last
three but one are {"median", "least", "most"}, "ratio" is ours / theirs. Without a peer the last two are missing.
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

    def add(self, what, quantity, unit, ours, peer=None, theirs=None, better="less"):
        if better not in ("less", "more"):
            raise ValueError(f"{what}, {quantity}: less or more is better, not {better}")
        key = (what, quantity, unit, better, peer)
        self._rounds.setdefault(key, []).append((float(ours), None if peer is None else float(theirs)))

    def figures(self, command):
        return [self._figure(key, rounds, command) for key, rounds in self._rounds.items()]

    def _figure(self, key, rounds, command):
        what, quantity, unit, better, peer = key
        figure = {"what": what, "quantity": quantity, "unit": unit, "better": better, "rounds": len(rounds), "command": command}
        figure["ours"] = spread([ours for ours, _ in rounds])
        if peer is not None:
            if any(theirs <= 0 for _, theirs in rounds):
                raise ValueError(f"{what}, {quantity}: {peer} has a value that is not above zero")
            figure["peer"] = peer
            figure["theirs"] = spread([theirs for _, theirs in rounds])
            figure["ratio"] = spread([ours / theirs for ours, theirs in rounds])
        return figure


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def name_of(figure):
    """What a figure is called in thresholds and messages."""
    by = f" by {figure['peer']}" if "peer" in figure else ""
    return f"{figure['what']}: {figure['quantity']}{by}"


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
        rows.add(what, quantity, unit, ours, peer or None, theirs or None, better)
    write(options.json, rows.figures(command_line(options.program, options.arguments)))


if __name__ == "__main__":
    main()
