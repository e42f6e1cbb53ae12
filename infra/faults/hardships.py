"""Rows beyond faults of links and processes: strangers, hosts that lack something, what times are worth meanwhile."""

import json
import os
import resource
import subprocess
import sys
import time

from figures import ABSENT, arrivals, processor_seconds, quantile
from lab import Broken, wait_for
from rows import pause, row
from world import RELAY_PORT

HERE = os.path.dirname(os.path.abspath(__file__))
MEGABYTE_KB = 1_024


def wall_ns():
    return time.time_ns()


def us(ns):
    return f"{ns / 1e3:.0f}"


# Truth


def tcp_was_measured(account, world):
    """The agent's tail is the tail that TCP really had: the lab knows when each event could first be read in order."""
    truth = dict(zip(account.ids, account.times))
    samples = world.receiver.path("samples.bin")
    measured, known, behind = [], [], 0
    for update, tokyo, _, kernel, user in arrivals(samples, world.lanes):
        _, _, at_tokyo, at_frankfurt = truth[update]
        if at_tokyo is None or at_frankfurt is None or tokyo == ABSENT:
            continue
        behind += kernel is None
        measured.append((user if kernel is None else kernel) - tokyo)
        known.append(at_frankfurt - at_tokyo)
    account.check(len(measured) > 3_000, f"only {len(measured)} events could be compared")
    link = next(entry for entry in world.links if entry["link"] == "backbone")["outward"]
    lines = []
    for share in (0.5, 0.95, 0.99, 0.999):
        mine, true = quantile(measured, share), quantile(known, share)
        lines.append(f"p{share * 100:g} {mine / 1e6:.3f} ({true / 1e6:.3f})")
        if share <= 0.99:
            account.check(
                abs(mine - true) < 1_000_000, f"p{share * 100:g} is {mine / 1e6:.3f} ms, and was {true / 1e6:.3f} ms"
            )
    account.notes.append(
        f"{len(measured)} events, {behind} of them held up behind a lost packet, {link['lost']} of {link['received']} "
        "packets lost; Tokyo to Frankfurt in ms, in brackets the "
        f"lab's own record: {', '.join(lines)}; a packet alone took p99 {link['p99Ms']:.3f}"
    )
    account.check(quantile(known, 0.99) > link["p99Ms"] * 1e6 + 1e6, "the loss shows in no retransmission")


@row(
    "truth-at-loss",
    "0.5 % loss on the relay link: p99 is TCP's own",
    weight=30,
    is_timed=True,
    lab={"rate": 500},
    lanes=1,
    extra=tcp_was_measured,
)
def truth_at_loss(world):
    world.lab.link("backbone", "loss=0.5%")
    pause(18)
    world.lab.link("backbone", "loss=0%")
    world.wait_until_all_arrive()


# Strangers


def nobody_was_disturbed(account, world):
    truth = dict(zip(account.ids, account.times))
    relay = {name: {world.quiet: [], world.busy: []} for name in ("kernel", "user")}
    error = {name: {world.quiet: [], world.busy: []} for name in ("kernel", "user")}
    for update, _, sent, kernel, user in arrivals(world.receiver.path("samples.bin"), world.lanes):
        delivered = truth[update][3]
        for span in (world.quiet, world.busy):
            if span[0] <= user < span[1] and kernel is not None and delivered is not None:
                for name, at in (("kernel", kernel), ("user", user)):
                    relay[name][span].append(at - sent)
                    error[name][span].append(abs(at - delivered))
    for name, limit_ns in (("kernel", 100_000), ("user", 1_000_000)):
        before, meanwhile = (quantile(relay[name][span], 0.99) / 1e6 for span in (world.quiet, world.busy))
        quiet, busy = (quantile(error[name][span], 0.99) for span in (world.quiet, world.busy))
        account.notes.append(
            f"by {name} times p99 of the relay was {before:.3f} ms in the quiet and {meanwhile:.3f} ms with strangers; "
            f"p99 of its error against the lab's record {us(quiet)} and {us(busy)} us"
        )
        # Beyond what a machine that is busy with other things does to a program's own times.
        account.check(
            busy - quiet < max(limit_ns, quiet / 2),
            f"strangers made the times by {name} worse: p99 of the error {us(quiet)}, then {us(busy)} us",
        )
    counted = world.receiver.summary()["strangers"]
    came = world.strangers
    account.notes.append(f"strangers that came: {came}; counted: {counted}")
    account.check(
        sum(counted.values()) == sum(came.values()),
        f"{sum(came.values())} strangers came, {sum(counted.values())} were counted",
    )
    account.check(came["idle"] >= 900 and all(count > 5 for count in came.values()), f"too few strangers: {came}")
    account.check(
        counted.get("unproven", 0) >= (came["replayed"] + came["wrong proof"]) // 2,
        "replayed and wrong proofs were not seen as such",
    )
    account.notes.append(
        f"the receiver's memory, kB: {', '.join(f'{name} {kb}' for name, kb in world.memory.items())}; "
        f"its own, without the program's pages, after some and after more: {world.own_memory}"
    )
    memory = world.memory
    account.check(memory["at most"] - memory["before"] <= 4 * MEGABYTE_KB, "strangers took more than 4 MB")
    account.check(
        world.own_memory[1] - world.own_memory[0] <= 256,
        f"each stranger leaves something behind: {world.own_memory} kB",
    )


def hear_greeting(world):
    """Listens on the way, before the forwarder introduces itself."""
    world.greeting = os.path.join(world.lab.folder, "greeting")
    ears = subprocess.Popen(
        world.lab.enter(
            "frankfurt", [sys.executable, os.path.join(HERE, "hear_greeting.py"), str(RELAY_PORT), world.greeting]
        ),
        stdout=subprocess.PIPE,
    )
    if ears.stdout.readline() != b"READY\n":
        raise Broken("nobody listens on the way")
    world.bystanders.append(ears)


@row(
    "strangers",
    "strangers at the relay port",
    weight=35,
    is_timed=True,
    lab={"rate": 600},
    lanes=1,
    extra=nobody_was_disturbed,
    prepare=hear_greeting,
)
def strangers(world):
    pause(2)
    start = wall_ns()
    pause(6)
    world.quiet = (start, wall_ns())
    world.strangers = {}
    world.memory = {"before": world.receiver.memory_kb()}
    start = wall_ns()
    attack(world, 6)
    world.busy = (start, wall_ns())
    world.memory["after some"] = world.receiver.memory_kb()
    # Without the program's own pages, of which more are needed the first time that something happens.
    world.own_memory = [world.receiver.memory_kb("RssAnon")]
    attack(world, 4)
    world.memory["after more"] = world.receiver.memory_kb()
    world.own_memory.append(world.receiver.memory_kb("RssAnon"))
    world.wait_until_all_arrive()


def attack(world, seconds):
    """Lets strangers come, waits until the last of those that say nothing was turned away (5 s), and looks at the memory."""
    command = [
        sys.executable,
        os.path.join(HERE, "strangers_at_the_door.py"),
        "10.9.1.2",
        str(RELAY_PORT),
        str(seconds),
        world.greeting,
    ]
    crowd = subprocess.Popen(world.lab.enter("exchange", command), stdout=subprocess.PIPE)
    world.bystanders.append(crowd)
    while crowd.poll() is None:
        world.memory["at most"] = max(world.memory.get("at most", 0), world.receiver.memory_kb())
        pause(0.05)
    if crowd.returncode != 0:
        raise Broken("the strangers failed")
    for kind, count in json.loads(crowd.stdout.read()).items():
        world.strangers[kind] = world.strangers.get(kind, 0) + count
    pause(5.5)


# Hosts that lack something


def recording_ended_the_agent_did_not(account, world):
    summary = world.receiver.summary()
    account.notes.append(
        f"{summary['samplesNotWritten']} samples were not written, {summary['sampleCount']} were; {world.said}"
    )
    account.check(summary["samplesNotWritten"] > 1_000, "the disk was not full")
    account.check(
        "No space left on device" in (world.said or ""), f"the status does not say that the disk is full: {world.said}"
    )


IN_A_SMALL_DISK = (
    'plan=$(cat plan.json); here=$PWD; mount -t tmpfs -o size=4m none "$here" && cd "$here" && printf %s "$plan" >plan.json '
    "|| exit 9; "
    '"$@"; status=$?; mkdir -p "$SAVED" && cp -r . "$SAVED"; exit $status'
)


@row(
    "disk-full",
    "the receiver's disk is full",
    weight=25,
    extra=recording_ended_the_agent_did_not,
    launcher=("unshare", "-m", "sh", "-c", IN_A_SMALL_DISK, "sh"),
)
def disk_full(world):
    pause(2)
    # Somebody else takes all that is left, at once.
    place = world.receiver.path("filler")
    free = os.statvfs(os.path.dirname(place))
    filler = os.open(place, os.O_WRONLY | os.O_CREAT)
    os.posix_fallocate(filler, 0, free.f_bavail * free.f_frsize)
    os.close(filler)
    wait_for(
        "a status that says so",
        lambda: "recording ended" in ((world.receiver.status() or {}).get("message") or ""),
        10,
        [world.receiver],
    )
    pause(4)
    world.said = world.receiver.status()["message"]
    world.wait_until_all_arrive()


def nothing_spun(account, world):
    account.notes.append(
        f"{world.held} strangers held all descriptors for {world.seconds:.1f} s; "
        f"the receiver took {world.processor:.2f} s of processor time"
    )
    account.check(
        world.processor < 0.7 * world.seconds, f"the receiver took {world.processor:.2f} s of {world.seconds:.1f} s"
    )


@row("no-descriptors", "the receiver has no descriptors left for 4 s", weight=20, extra=nothing_spun)
def no_descriptors(world):
    agent = world.receiver
    before = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    limit = max(int(name) for name in os.listdir(f"/proc/{agent.pid}/fd")) + 8
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    script = (
        "import socket,time\nheld=[]\n"
        "for _ in range(40):\n s=socket.socket(); s.settimeout(1); s.connect(('10.1.1.10',8080)); held.append(s)\n"
        "print(len(held), flush=True)\ntime.sleep(4)\n"
    )
    began, spent = time.monotonic(), processor_seconds(agent.pid)
    crowd = subprocess.Popen(world.lab.enter("tokyo", [sys.executable, "-c", script]), stdout=subprocess.PIPE)
    world.held = int(crowd.stdout.readline() or 0)
    world.lab.exchange("close", "1001")
    crowd.wait()
    world.seconds, world.processor = time.monotonic() - began, processor_seconds(agent.pid) - spent
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, before)
    world.wait_until_all_arrive(seconds=60)


class MemoryLimit:
    """A control group with 64 MB, of either version; None where none can be made."""

    LIMIT = 64 << 20

    def __init__(self, name):
        self.folder, self.most = None, "memory.max_usage_in_bytes"
        for parent, limit, most in (
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
            ("/sys/fs/cgroup", "memory.max", "memory.peak"),
        ):
            folder = os.path.join(parent, name)
            try:
                os.mkdir(folder)
            except OSError:
                continue
            try:
                with open(os.path.join(folder, limit), "w") as file:
                    file.write(str(self.LIMIT))
                self.folder, self.most = folder, most
                return
            except OSError:
                os.rmdir(folder)

    def launcher(self):
        if (
            self.folder is None
        ):  # the next best: its address space, of which the buffers that are never touched take most
            return ("prlimit", f"--as={2 << 30}", "--")
        # `ip netns exec` mounts a /sys of its own, without the control groups: this process's view still has them.
        folder = f"/proc/{os.getpid()}/root{self.folder}"
        return ("sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', folder)

    def describe(self):
        if self.folder is None:
            return "no control group could be made here: the address space was limited to 2 GB instead"
        with open(os.path.join(self.folder, self.most)) as file:
            return f"{self.folder}: at most {int(file.read()) / 1e6:.1f} of {self.LIMIT / 1e6:.1f} MB"

    def close(self):
        for _ in range(50):
            try:
                if self.folder:
                    os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.1)


def memory_was_enough(account, world):
    account.notes.append("; ".join(limit.describe() for limit in world.limits))


def limit_memory(world):
    world.limits = [MemoryLimit(f"{world.lab.name}-{role}") for role in ("receiver", "forwarder")]
    world.launcher, world.forwarder_launcher = (limit.launcher() for limit in world.limits)


@row(
    "memory-64mb",
    "64 MB of memory: a cut of 4 s and 20,000 in a second",
    weight=25,
    extra=memory_was_enough,
    prepare=limit_memory,
)
def memory_64mb(world):
    world.lab.link("backbone", "cut=4s")
    world.lab.exchange("burst", "20000")
    pause(4)
    world.wait_until_all_arrive(seconds=60)


# A processor that others burn


def kernel_times_hold(account, world):
    """Errors of arrival at the receiver, against the moment at which the lab put the packet into its host."""
    truth = dict(zip(account.ids, account.times))
    errors = {span: ([], []) for span in (world.quiet, world.busy)}
    for update, _, _, kernel, user in arrivals(world.receiver.path("samples.bin"), 0):
        at = truth[update][1]
        for span, (by_kernel, by_user) in errors.items():
            if at is not None and kernel is not None and span[0] <= at < span[1]:
                by_kernel.append(abs(kernel - at))
                by_user.append(abs(user - at))
    for name, span in (("quiet", world.quiet), ("with hogs", world.busy)):
        by_kernel, by_user = errors[span]
        account.check(len(by_kernel) > 500, f"only {len(by_kernel)} arrivals {name}")
        kernel, user = quantile(by_kernel, 0.99), quantile(by_user, 0.99)
        account.notes.append(
            f"arrival error {name}, p99 of {len(by_kernel)}: kernel times {us(kernel)} us, user-space times {us(user)} us"
        )
    kernel, user = (quantile(values, 0.99) for values in errors[world.busy])
    account.check(kernel < 100_000, f"kernel times are {us(kernel)} us wrong at p99 with hogs")
    account.check(user > 300_000 and user > 3 * kernel, "the hogs did not disturb the program: nothing is shown")


UNDER_HOGS = ("taskset", "-c", "1")


# At an even pace: of messages that wait together the kernel keeps one time, the last one's.
@row(
    "cpu-hog",
    "a hog on the receiver's processor",
    weight=25,
    is_timed=True,
    lab={"rate": 100, "even": True},
    lanes=1,
    extra=kernel_times_hold,
    launcher=UNDER_HOGS,
)
def cpu_hog(world):
    # The lab's own threads are the way, and must not wait for the hog.
    subprocess.run(["taskset", "-a", "-p", "-c", "0", str(world.lab.process_id)], check=True, stdout=subprocess.DEVNULL)
    start = wall_ns()
    pause(7)
    world.quiet = (start, wall_ns())
    # Ordinary ones do not hold it up: its short slices have it come first. This one does, for shorter than events are apart.
    burn = "import time\nwhile 1:\n e = time.monotonic() + 0.004\n while time.monotonic() < e: pass\n time.sleep(0.004)"
    command = world.lab.enter("frankfurt", ["chrt", "-r", "1", "taskset", "-c", "1", "python3", "-c", burn])
    hog = subprocess.Popen(command)
    try:
        start = wall_ns()
        pause(7)
        world.busy = (start, wall_ns())
    finally:
        hog.kill()
        hog.wait()
    world.wait_until_all_arrive()
