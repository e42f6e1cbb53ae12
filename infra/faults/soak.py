"""Two agents for long, a fault each minute: nothing unaccounted, memory and descriptors flat."""

import argparse
import os
import signal
import sys
import time

from account import CELLS, Account
from lab import Broken, Folder, Lab
from rows import pause
from world import World

GROWTH_KB = 1_024
MINUTE = 60


def stop_for(seconds):
    def body(world):
        world.forwarder.signal(signal.SIGSTOP)
        pause(seconds)
        world.forwarder.signal(signal.SIGCONT)

    return body


def loss(world):
    world.lab.link("backbone", "loss=1%")
    pause(5)
    world.lab.link("backbone", "loss=0%")


def exchange(*words):
    return lambda world: world.lab.exchange(*words)


def cut(link, seconds):
    return lambda world: world.lab.link(link, f"cut={seconds}s")


FAULTS = [
    # First what runs most of the program: its own pages count as memory once they were needed.
    ("exchange closes all (1001)", exchange("close", "1001")),
    ("relay link cut for 3 s", cut("backbone", 3)),
    ("1 % loss for 5 s", loss),
    ("exchange announces its end", exchange("shutdown", "3s")),
    ("5,000 messages in a second", exchange("burst", "5000")),
    ("forwarder stopped for 2 s", stop_for(2)),
    ("exchange falls silent", exchange("silence")),
    ("direct link cut for 4 s", cut("direct", 4)),
    ("exchange resets all", exchange("reset")),
    ("Tokyo's way to the exchange cut for 4 s", cut("tokyo", 4)),
    ("exchange ends inside a TLS record", exchange("tear")),
    ("relay link cut for 10 s", cut("backbone", 10)),
    ("exchange closes all (1008)", exchange("close", "1008", "Pong timeout")),
]


class Watch:
    """Memory and descriptors of both agents, looked at in quiet moments."""

    def __init__(self, world):
        self.agents = {"receiver": world.receiver, "forwarder": world.forwarder}
        self.first, self.wrong = None, []
        self.most = {}

    def look(self):
        """Both agents' memory in kB and descriptors, as a line of cells."""
        now = {name: (agent.memory_kb(), agent.descriptors()) for name, agent in self.agents.items()}
        for name, (memory, _) in now.items():
            self.most[name] = max(self.most.get(name, 0), memory)
        return now

    def judge(self, now):
        if self.first is None:
            self.first = now
            return
        for name, (memory, files) in now.items():
            if memory > self.first[name][0] + GROWTH_KB:
                self.wrong.append(
                    f"the {name}'s memory grew from {self.first[name][0]} kB after the first minute to {memory} kB"
                )
            if files > self.first[name][1]:
                self.wrong.append(
                    f"the {name} had {self.first[name][1]} descriptors after the first minute, and has {files}"
                )


def row(cells):
    print("{:>6}  {:40}{:>14}{:>6}{:>15}{:>6}{:>12}{:>12}".format(*cells), flush=True)


def soak(world, minutes):
    watch = Watch(world)
    began = time.monotonic()
    row(("minute", "fault", "receiver, kB", "fds", "forwarder, kB", "fds", "direct", "relayed"))

    def report(minute, fault):
        now = watch.look()
        arrived = world.arrived()
        sums = [sum(count for (path, _), count in arrived.items() if path == name) for name in ("baseline", "backbone")]
        row((minute, fault, *now["receiver"], *now["forwarder"], *sums))
        return now

    # The first minute has its fault too: what dealing with one takes is there from then on.
    for minute in range(minutes):
        title, body = FAULTS[minute % len(FAULTS)]
        while time.monotonic() - began < minute * MINUTE + 30:
            pause(0.2)
        body(world)
        while time.monotonic() - began < (minute + 1) * MINUTE - 5:
            pause(0.2)
        world.wait_until_all_arrive(seconds=120)
        watch.judge(report(minute + 1, title))
    return watch


def print_account(account, seconds):
    line = "{:10}{:>10}{:>9}{:>9}{:>11}{:>7}{:>10}{:>10}{:>11}"
    print(line.format("path", *CELLS, "explained"))
    for path, sums in account.paths.items():
        print(line.format(path, *sums.cells(path == "backbone"), "NO" if account.wrong else "all"))
    print(f"{seconds:.0f} s")


def main():
    parser = argparse.ArgumentParser(prog="infra/lab/soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=2_000, help="messages a second on each lane (default: 2000)")
    parser.add_argument("--lanes", type=int, default=1, help="lanes of each path (default: 1)")
    arguments = parser.parse_args()
    if not 2 <= arguments.minutes <= 1_440:
        parser.error("--minutes must be 2 to 1440")
    folder = Folder(parent=os.environ.get("TMPDIR"))
    lab = None
    wrong = []
    began = time.monotonic()
    try:
        lab = Lab(folder.path, arguments.rate)
        world = World(lab, lanes=arguments.lanes, deadline=arguments.minutes * MINUTE + 600)
        world.start()
        watch = soak(world, arguments.minutes)
        world.finish()
        account = Account(world, lab.truth())
        wrong = watch.wrong + account.wrong
        print_account(account, time.monotonic() - began)
    except (Broken, OSError, ValueError) as error:
        wrong.append(f"{error}")
    finally:
        if lab is not None:
            lab.close()
        folder.close()
    for text in wrong:
        print("BROKEN:", text)
    if not wrong:
        print("conservation exact; memory within 1 MB of what it was after the first minute; no more descriptors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
