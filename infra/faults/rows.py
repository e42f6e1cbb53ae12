"""The faults: what goes wrong in each run of a lab, and what must be true afterwards beside the account."""

import json
import signal
import time

from lab import Broken, read_json, wait_for

ROWS = []


class Row:
    """One fault with the lab that it needs."""

    def __init__(self, name, title, body, weight, is_timed, lab, world, prepare, extra):
        self.name, self.title, self.body = name, title, body
        self.weight, self.is_timed = weight, is_timed
        self.lab, self.world, self.prepare, self.extra = lab, world, prepare, extra


def row(name, title, weight=15, is_timed=False, lab=None, extra=None, prepare=None, **world):
    """Makes a function a fault's row.

    `weight` is about how long it takes, `is_timed` says that it looks at times and wants quiet, `prepare` is called before
    the agents start, `extra` looks at the account afterwards; `lab` and all else are arguments of the lab and the world.
    """

    def add(body):
        ROWS.append(Row(name, title, body, weight, is_timed, lab or {}, world, prepare, extra))
        return body

    return add


def pause(seconds):
    """Lets a fault last: what it lasts is part of it."""
    time.sleep(seconds)


# Processes


@row("forwarder-killed", "forwarder killed, started anew")
def forwarder_killed(world):
    world.kill_forwarder()
    pause(1)
    world.start_forwarder()
    world.wait_until_all_arrive()


@row("receiver-killed", "receiver killed, started anew")
def receiver_killed(world):
    pause(2)  # what it has written by now is its account
    world.receiver.kill()
    pause(1)
    world.start_receiver()
    world.wait_until_all_arrive()


@row("udp-forwarder-killed", "UDP: forwarder killed, started anew", transport="udp")
def udp_forwarder_killed(world):
    world.kill_forwarder()
    pause(1)
    world.start_forwarder()
    world.wait_until_all_arrive()


# Links


def cut(world, link, seconds):
    world.lab.link(link, f"cut={seconds}s")
    pause(seconds)
    world.wait_until_all_arrive(seconds=150)


def tampering_is_noticed(account, world):
    """The account itself is put to the test: each of these must make it complain."""
    samples, ours, theirs = (
        world.receiver.path("samples.bin"),
        world.receiver.path("summary.json"),
        world.forwarder.path("summary.json"),
    )

    def without(lane):
        """The samples without one of a lane's, from the middle."""
        with open(samples, "rb") as file:
            octets = file.read()
        places = [
            place for place in range(32, len(octets) - 95, 96) if octets[place + 80] | octets[place + 81] << 8 == lane
        ]
        place = places[len(places) // 2]
        return octets[:place] + octets[place + 96 :]

    def changed(path, change):
        summary = read_json(path)
        change(next(lane for lane in summary["lanes"] if lane["path"] == "backbone"))
        return json.dumps(summary).encode()

    def more(key):
        return lambda lane: lane["counts"].update({key: lane["counts"][key] + 1})

    attempts = {
        "a relayed sample that is gone": (samples, without(world.lanes)),
        "a direct sample that is gone": (samples, without(0)),
        "one more forwarded": (theirs, changed(theirs, more("forwarded"))),
        "one more dropped": (theirs, changed(theirs, more("dropped"))),
        "one more arrived": (ours, changed(ours, more("arrived"))),
        "one more missing": (ours, changed(ours, more("missing"))),
        "a duplicate": (ours, changed(ours, more("duplicates"))),
        "a missing range that is none": (
            ours,
            changed(ours, lambda lane: lane["missing"].append({"first": 5, "last": 5, "cause": "x"})),
        ),
    }
    for what, (path, octets) in attempts.items():
        with open(path, "rb") as file:
            genuine = file.read()
        with open(path, "wb") as file:
            file.write(octets)
        again = type(account)(world, account.truth_path)
        with open(path, "wb") as file:
            file.write(genuine)
        account.check(again.wrong, f"the account does not notice {what}")
    account.notes.append(f"the account noticed each of {len(attempts)} attempts to deceive it")


@row("cut-1s", "relay link cut for 1 s", extra=tampering_is_noticed)
def cut_1s(world):
    cut(world, "backbone", 1)


@row("cut-10s", "relay link cut for 10 s", weight=30)
def cut_10s(world):
    cut(world, "backbone", 10)


@row("cut-60s", "relay link cut for 60 s", weight=100)
def cut_60s(world):
    cut(world, "backbone", 60)


@row("udp-cut-3s", "UDP: relay link cut for 3 s", transport="udp")
def udp_cut_3s(world):
    cut(world, "backbone", 3)


def something_was_dropped(account, world):
    sums = account.paths["backbone"]
    account.check(sums.dropped > 0, "nothing was dropped: the buffer did not overflow")
    for lane in world.forwarder.summary()["lanes"]:
        account.check(lane["missing"], "dropped events without their ranges")


@row("overflow", "buffer overflows while the link is cut", weight=25, buffer=300, extra=something_was_dropped)
def overflow(world):
    cut(world, "backbone", 8)


def cut_of_one_path(world, link, other):
    """Cuts a link that only one path has; the other path must go on meanwhile."""
    before = world.arrived()
    world.lab.link(link, "cut=7s")
    pause(7)
    now = world.arrived()
    if any(now[lane] - before[lane] < 100 for lane in now if lane[0] == other):
        raise Broken(f"{other} did not live on")
    world.wait_until_all_arrive(seconds=60)


@row("direct-cut", "direct link cut for 7 s, relay lives", weight=25)
def direct_cut(world):
    cut_of_one_path(world, "direct", other="backbone")


@row("tokyo-cut", "Tokyo's way to the exchange cut for 7 s, direct lives", weight=25)
def tokyo_cut(world):
    cut_of_one_path(world, "tokyo", other="baseline")


def lossy(world, share):
    for link in ("direct", "backbone", "tokyo"):
        world.lab.link(link, f"loss={share}%")
    pause(6)
    for link in ("direct", "backbone", "tokyo"):
        world.lab.link(link, "loss=0%")
    world.wait_until_all_arrive(seconds=60)


@row("loss-1", "1 % loss on every link")
def loss_1(world):
    lossy(world, 1)


@row("loss-5", "5 % loss on every link", weight=20)
def loss_5(world):
    lossy(world, 5)


def losses_are_the_links(account, world):
    lost = next(link for link in world.links if link["link"] == "backbone")["outward"]["lostUpdates"]
    sums = account.paths["backbone"]
    account.check(lost > 0 and sums.lost == lost, f"lost {sums.lost}, the link lost {lost}")


@row("udp-loss-5", "UDP: 5 % loss on the relay link", transport="udp", extra=losses_are_the_links)
def udp_loss_5(world):
    world.lab.link("backbone", "loss=5%")
    pause(5)
    world.lab.link("backbone", "loss=0%")
    world.wait_until_all_arrive()


# The exchange


def nothing_is_missing(account, world):
    """A planned reconnect: the next connection was up before the old one went, and no event is missing on any lane."""
    for path, sums in account.paths.items():
        account.check(sums.holes == 0, f"{path}: {sums.not_sent} events are missing at a planned reconnect")
    lanes = [lane for lane in world.forwarder.summary()["lanes"]]
    lanes += [lane for lane in world.receiver.summary()["lanes"] if lane["path"] == "baseline"]
    overlaps = []
    for lane in lanes:
        # The last of them may have been on its way up at the end.
        feeds = [c for c in lane["connections"] if c["purpose"] == "feed" and c.get("streaming")]
        account.check(len(feeds) >= 2, "a lane did not change its connection")
        for old, new in zip(feeds, feeds[1:]):
            up, gone = new["streaming"]["monotonicNs"], old["ended"]["monotonicNs"]
            overlaps.append((gone - up) / 1e6)
            account.check(up <= gone, "the next connection came up after the old one had gone")
    account.notes.append(
        f"{len(overlaps)} planned reconnects, both up for {min(overlaps):.1f} to {max(overlaps):.1f} ms, 0 events missing"
    )


@row("server-shutdown", "exchange sends serverShutdown, closes 4 s later", extra=nothing_is_missing)
def server_shutdown(world):
    world.lab.exchange("shutdown", "4s")
    pause(5)
    world.wait_until_all_arrive()


def connections_were_renewed(account, world):
    """Each connection of each lane was replaced for its age, and the next one was up before it went."""
    nothing_is_missing(account, world)
    for agent in (world.forwarder, world.receiver):
        renewals = [line for line in agent.log() if line["event"] == "feed.renew"]
        account.check(len(renewals) >= world.lanes, f"{agent.name} replaced {len(renewals)} connections")
        account.check(all("as old as the exchange allows" in line["reason"] for line in renewals), "for another reason")


@row(
    "renewed-before-24h",
    "connections replaced before 24 h (here 3 s)",
    renew_after="3s",
    extra=connections_were_renewed,
)
def renewed_before_24h(world):
    pause(5)
    world.wait_until_all_arrive()


@row("close-24h", "exchange closes all at 24 h (1001)")
def close_24h(world):
    world.lab.exchange("close", "1001")
    world.wait_until_all_arrive()


@row("silence", "exchange stops answering", weight=25)
def silence(world):
    world.lab.exchange("silence")
    world.wait_until_all_arrive()


@row("close-1008", "exchange closes with 1008")
def close_1008(world):
    world.lab.exchange("close", "1008", "Pong timeout")
    world.wait_until_all_arrive()


@row("reset", "exchange resets inside a message")
def reset(world):
    world.lab.exchange("reset")
    world.wait_until_all_arrive()


@row("torn-record", "exchange ends inside a TLS record")
def torn_record(world):
    world.lab.exchange("tear")
    world.wait_until_all_arrive()


def nonsense_was_counted(account, world):
    for path, sums in account.paths.items():
        account.check(
            sums.invalid == 80 * world.lanes, f"{path}: {sums.invalid} invalid messages of {80 * world.lanes}"
        )
    examples = [text for lane in world.forwarder.summary()["lanes"] for text in lane["invalidExamples"]]
    account.check(len(examples) == 5 * world.lanes, "the first few were not kept")


@row("nonsense", "exchange sends 80 messages that are none", extra=nonsense_was_counted)
def nonsense(world):
    world.lab.exchange("nonsense", "80")
    world.wait_until_all_arrive()


def frames_were_refused(account, world):
    reasons = {
        c.get("reason")
        for lane in world.receiver.summary()["lanes"]
        for c in lane["connections"]
        if c["purpose"] == "feed"
    }
    account.notes.append(f"the reasons: {sorted(reason for reason in reasons if reason)}")
    account.check(len(reasons) >= 3, "each kind of frame has a reason of its own")


@row("bad-frames", "exchange sends malformed, then endless frames", weight=20, extra=frames_were_refused)
def bad_frames(world):
    world.lab.exchange("bad-frame")
    world.wait_until_all_arrive()
    world.lab.exchange("huge-frame")
    world.wait_until_all_arrive()


def burst_came_through(account, world):
    for path, sums in account.paths.items():
        account.check(sums.arrived >= 50_000 * world.lanes, f"{path}: only {sums.arrived} events of the burst arrived")


@row("burst", "50,000 messages in a second", weight=25, lanes=1, extra=burst_came_through)
def burst(world):
    before = world.arrived()
    world.lab.exchange("burst", "50000")
    wait_for(
        "the burst",
        lambda: all(count - before[lane] >= 50_000 for lane, count in world.arrived().items()),
        60,
        [world.receiver, world.forwarder],
    )
    world.wait_until_all_arrive()


@row("one-lane-dead", "three lanes a path, one dead", weight=20)
def one_lane_dead(world):
    before = world.arrived()
    world.lab.exchange("kill-one")
    pause(8)  # longer than a feed may be silent
    now = world.arrived()
    for path in ("baseline", "backbone"):
        dead = [lane for lane in now if lane[0] == path and now[lane] - before[lane] < 200]
        if len(dead) != 1:
            raise Broken(f"{len(dead)} lanes of {path} are dead, not one")
    world.lab.exchange("heal")
    world.wait_until_all_arrive(seconds=60)


# Stopped


def standstill_was_noticed(agent):
    """An extra that holds what an agent says of the time in which it was stopped against the truth, 5 s."""

    def extra(account, world):
        found = getattr(world, agent).summary().get("standstills") or []
        seconds = [(each["to"]["monotonicNs"] - each["from"]["monotonicNs"]) / 1e9 for each in found]
        account.check(any(4.7 < length < 6 for length in seconds), f"the {agent} noticed standstills of {seconds} s")

    return extra


@row(
    "receiver-stopped",
    "receiver stopped for 5 s (SIGSTOP)",
    weight=20,
    extra=standstill_was_noticed("receiver"),
)
def receiver_stopped(world):
    world.receiver.signal(signal.SIGSTOP)
    pause(5)
    world.receiver.signal(signal.SIGCONT)
    world.wait_until_all_arrive()


@row(
    "forwarder-stopped",
    "forwarder stopped for 5 s (SIGSTOP)",
    weight=20,
    extra=standstill_was_noticed("forwarder"),
)
def forwarder_stopped(world):
    world.forwarder.signal(signal.SIGSTOP)
    pause(5)
    world.forwarder.signal(signal.SIGCONT)
    world.wait_until_all_arrive()
