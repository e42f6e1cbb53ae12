"""Runs faults side by side, each in a lab of its own, and prints the table of what became of every message."""

import argparse
import concurrent.futures
import os
import shutil
import sys
import time
import traceback

import account as accounts
import hardships  # noqa: F401 (its rows)
from lab import Broken, Folder, Lab
from rows import ROWS
from world import World

RATE = 300
# Faults that take longer than this mostly wait.
LONG = 100
HEADER = ("fault", "path", "s", *accounts.CELLS, "explained")
WIDTHS = (51, 8, 4, 9, 7, 8, 9, 8, 9, 8, 9)


class Outcome:
    """What came of a row."""

    def __init__(self, row):
        self.row, self.seconds, self.account, self.wrong, self.notes = row, 0.0, None, [], []

    @property
    def is_sound(self):
        return not self.wrong


def run_row(row, folder):
    outcome = Outcome(row)
    began = time.monotonic()
    lab = world = None
    try:
        lab = Lab(folder, **{"rate": RATE, **row.lab})
        world = World(lab, **row.world)
        if row.is_timed:
            lab.come_first()
        if row.prepare:
            row.prepare(world)
        world.start()
        row.body(world)
        world.finish()
        world.links = lab.say("links")
        outcome.account = accounts.Account(world, lab.truth())
        outcome.notes = outcome.account.notes
        if row.extra:
            row.extra(outcome.account, world)
        outcome.wrong += outcome.account.wrong
    except (Broken, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        outcome.wrong.append(f"{type(error).__name__}: {error}")
        outcome.notes.append(traceback.format_exc(limit=-3))
    finally:
        for bystander in world.bystanders if world else []:
            bystander.kill()
            bystander.wait()
        if lab is not None:
            lab.close()
        for limit in getattr(world, "limits", []):
            limit.close()
    outcome.seconds = time.monotonic() - began
    return outcome


def line(cells):
    return " ".join(
        str(cell).ljust(width) if index < 2 else str(cell).rjust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS))
    )


def print_table(outcomes):
    print(line(HEADER))
    print(line(["-" * width for width in WIDTHS]))
    for outcome in outcomes:
        explained = "all" if outcome.is_sound else "NO"
        if outcome.account is None:
            print(line((outcome.row.title, "", round(outcome.seconds), *[""] * len(accounts.CELLS), explained)))
            continue
        for index, (path, sums) in enumerate(outcome.account.paths.items()):
            title, seconds = (outcome.row.title, round(outcome.seconds)) if index == 0 else ("", "")
            print(line((title, path, seconds, *sums.cells(path == "backbone"), explained)))
    for outcome in outcomes:
        for note in outcome.notes:
            print(f"{outcome.row.name}: {note}")
        for text in outcome.wrong[:12]:
            print(f"BROKEN: {outcome.row.name}: {text}")


def at_least_one(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not '{text}'")
    return int(text)


def chosen():
    """What the command line asks for: its arguments, and the rows to run."""
    parser = argparse.ArgumentParser(prog="infra/lab/faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FAULT", help="only these (--list names them)")
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    parser.add_argument(
        "--at-once", type=at_least_one, default=6, metavar="N", help="how many labs at the same time (default: 6)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with all agents' files")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--timed",
        action="store_true",
        help="only those that look at times, one after the other: they want a quiet machine",
    )
    kinds.add_argument("--untimed", action="store_true", help="only the others")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {row.name for row in ROWS}
    if unknown:
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; see --list")
    rows = [row for row in ROWS if not arguments.names or row.name in arguments.names]
    if arguments.timed or arguments.untimed:
        rows = [row for row in rows if row.is_timed == arguments.timed]
    if not rows:
        parser.error("none of them is of that kind")
    return arguments, rows


def run_rows(rows, folder, at_once):
    """The outcomes by name; each is said as soon as it is there."""
    outcomes = {}

    def note(outcome):
        outcomes[outcome.row.name] = outcome
        word = "all explained" if outcome.is_sound else "NOT EXPLAINED: " + outcome.wrong[0][:300]
        print(f"{outcome.row.name}: {outcome.seconds:.0f} s, {word}", file=sys.stderr, flush=True)

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        # The longest first, so that none of them is left alone at the end; what mostly waits goes on beside the timed.
        jobs = {
            pool.submit(run_row, row, folder): row
            for row in sorted(rows, key=lambda row: -row.weight)
            if not row.is_timed
        }
        for job in jobs:
            job.add_done_callback(lambda done: note(done.result()))
        concurrent.futures.wait([job for job, row in jobs.items() if row.weight < LONG])
        for row in rows:
            if row.is_timed:
                note(run_timed(pool, row, folder))
    return outcomes


def run_timed(pool, row, folder):
    """A row whose times count, a second time when it does not come out: somebody else may have been busy."""
    outcome = pool.submit(run_row, row, folder).result()
    if outcome.is_sound:
        return outcome
    # What passes now is named, so that nobody takes it for sound.
    first = outcome.wrong
    outcome = pool.submit(run_row, row, folder).result()
    if outcome.is_sound:
        outcome.notes += [f"UNSTEADY, passed only when tried again: {text}" for text in first]
    return outcome


def main():
    arguments, rows = chosen()
    if arguments.list:
        for row in ROWS:
            print(f"{row.name:24} {row.title}")
        return 0
    folder = Folder(parent=os.environ.get("TMPDIR"))
    began = time.monotonic()
    try:
        outcomes = run_rows(rows, folder.path, arguments.at_once)
    finally:
        if arguments.keep:
            shutil.copytree(
                folder.path, folder.path + ".kept", ignore=shutil.ignore_patterns("*.key", "secret", "control")
            )
            print(f"kept: {folder.path}.kept", file=sys.stderr)
        folder.close()
    if len(outcomes) < len(rows):
        print("BROKEN: a fault has no outcome")
        return 1
    print_table([outcomes[row.name] for row in rows])
    print(f"{len(rows)} faults in {time.monotonic() - began:.0f} s, {arguments.at_once} at once")
    return 0 if all(outcome.is_sound for outcome in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
