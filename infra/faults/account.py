"""Holds what agents left behind against each other and against the lab's record, event by event."""

import array
import bisect
import sys

PLANNED = "replaced by the next connection"
CELLS = ("received", "invalid", "dropped", "forwarded", "lost", "arrived", "not sent")


class Lane:
    """A lane's samples in the order of their arrival, without those that came again."""

    def __init__(self):
        self.sequences, self.updates, self.connections = array.array("Q"), array.array("Q"), array.array("H")

    def __len__(self):
        return len(self.sequences)

    def __iter__(self):
        return zip(self.sequences, self.updates, self.connections)

    def part(self, start, end):
        lane = Lane()
        lane.sequences, lane.updates, lane.connections = (
            values[start:end] for values in (self.sequences, self.updates, self.connections)
        )
        return lane


def blocks(path):
    """A file of samples in blocks of words of eight octets, twelve a record."""
    with open(path, "rb") as file:
        if file.read(8) != b"LATEXPSM":
            raise ValueError(f"{path} is no file of samples")
        file.seek(32)
        while block := file.read(96 * 100_000):
            words = array.array("Q")
            words.frombytes(block[: len(block) // 96 * 96])  # the agent may have been killed inside a record
            if sys.byteorder == "big":
                words.byteswap()
            yield words


def read_samples(path, count):
    """The samples of each of `count` lanes."""
    lanes = [Lane() for _ in range(count)]
    for words in blocks(path):
        for update, sequence, marks in zip(words[0::12], words[3::12], words[10::12]):
            if not marks >> 48 & 1:
                lane = lanes[marks & 0xFFFF]
                lane.sequences.append(sequence)
                lane.updates.append(update)
                lane.connections.append(marks >> 32 & 0xFFFF)
    return lanes


def counts_from_one(sequences):
    return all(a == b for a, b in zip(sequences, range(1, len(sequences) + 1)))


def read_truth(path):
    """The update ids that the exchange sent, in order, and the times of each: sent, direct, Tokyo, backbone."""
    ids, times = [], []
    with open(path) as file:
        next(file)
        for line in file:
            fields = line.rstrip("\n").split(",")
            ids.append(int(fields[0]))
            times.append(tuple(int(field) if field else None for field in fields[1:]))
    return ids, times


def ranges_of(ids, after, last):
    """What is missing between growing ids, as (first, last)."""
    gaps, previous = [], after
    for sequence in ids:
        if sequence != previous + 1:
            gaps.append((previous + 1, sequence - 1))
        previous = sequence
    if previous < last:
        gaps.append((previous + 1, last))
    return gaps


def overtakings(sequences, places):
    """How many events are numbered right after one that has a later place in the exchange's record."""
    if any(sequences[index] < sequences[index - 1] for index in range(1, len(sequences))):
        places = [place for _, place in sorted(zip(sequences, places))]  # datagrams that overtook one another
    return sum(1 for index in range(1, len(places)) if places[index] < places[index - 1])


def joined(ranges):
    """The same ids with ranges that touch made one."""
    result = []
    for first, last in sorted(ranges):
        if result and result[-1][1] + 1 == first:
            result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return result


def size(ranges):
    return sum(last - first + 1 for first, last in ranges)


class Sums:
    """A path's sums over its lanes."""

    def __init__(self):
        self.received = self.invalid = self.dropped = self.forwarded = self.lost = self.arrived = 0
        self.holes = self.not_sent = self.again = 0

    def cells(self, is_relay):
        """What tables show of them, under CELLS; a direct path forwards nothing."""
        return (
            self.received,
            self.invalid,
            self.dropped if is_relay else "",
            self.forwarded if is_relay else "",
            self.lost if is_relay else "",
            self.arrived,
            self.not_sent,
        )


class Account:
    """The account of one world whose agents have ended: sums for each path, and what does not come out, in words."""

    def __init__(self, world, truth_path):
        self.world, self.truth_path = world, truth_path
        self.wrong, self.notes = [], []
        self.arrived_of_first = 0
        self.paths = {"baseline": Sums(), "backbone": Sums()}
        self.ids, self.times = read_truth(truth_path)
        self.receivers = [
            (agent.summary(), read_samples(agent.path("samples.bin"), 2 * world.lanes)) for agent in world.receivers
        ]
        self.forwarders = [agent.summary() for agent in world.forwarders]
        if self.receivers[-1][0] is None or self.forwarders[-1] is None:
            raise ValueError("an agent left no summary")
        for lane in range(world.lanes):
            self._direct(lane)
            self._relay(lane)
        if self.forwarders[0] is None:
            # By the exchange's record: what it had sent to the first forwarder and never left it.
            sums = self.paths["backbone"]
            died = world.sent_to_first_forwarder() - self.arrived_of_first
            self.check(died >= 0, "more arrived of the first forwarder than the exchange sent to it")
            sums.received += died
            sums.lost += died
            self.notes.append(f"{died} events that the exchange had sent died with the first forwarder")

    def check(self, holds, text):
        if not holds:
            self.wrong.append(text)

    def _lane(self, summary, path, lane):
        return next(entry for entry in summary["lanes"] if entry["path"] == path and entry["lane"] == lane)

    # Direct lanes

    def _direct(self, lane):
        sums = self.paths["baseline"]
        seen = array.array("Q")
        for number, (summary, recorded) in enumerate(self.receivers):
            samples = recorded[lane]
            name = f"baseline {lane}" + (f" of receiver {number + 1}" if len(self.receivers) > 1 else "")
            if not (summary or {}).get("samplesNotWritten"):
                self.check(counts_from_one(samples.sequences), name + ": samples are not counted from one")
            if summary is None:  # killed: its samples are its account
                sums.received += len(samples)
                sums.arrived += len(samples)
                ends = len(set(samples.connections)) - 1
            else:
                entry = self._lane(summary, "baseline", lane)
                counts = entry["counts"]
                invalid = sum(counts["invalid"].values())
                sums.received += counts["received"]
                sums.invalid += invalid
                sums.arrived += counts["arrived"]
                sums.again += counts["duplicates"]
                self.check(
                    counts["received"] == counts["arrived"] + counts["duplicates"] + invalid,
                    f"{name}: received is not arrived + again + invalid: {counts}",
                )
                if not summary["samplesNotWritten"]:
                    self.check(
                        len(samples) == counts["arrived"],
                        f"{name}: {len(samples)} samples of {counts['arrived']} arrived",
                    )
                ends = self._unplanned_ends(entry)
            if not (summary or {}).get("samplesNotWritten"):
                self._against_truth(name, samples, ends, sums, summary and self._planned_ends(entry))
            seen.extend(samples.updates)
        self.check(len(set(seen)) == len(seen), f"baseline {lane}: an event counts twice")

    @staticmethod
    def _ends(entry):
        """Why connections to the exchange ended, of those that brought events and were followed by others."""
        streamed = [c for c in entry["connections"] if c["purpose"] == "feed" and c.get("streaming")]
        return [c.get("reason") for c in streamed[:-1]]

    def _unplanned_ends(self, entry):
        """How many of them broke."""
        return sum(1 for reason in self._ends(entry) if reason != PLANNED)

    def _planned_ends(self, entry):
        """How many of them had a successor already."""
        return sum(1 for reason in self._ends(entry) if reason == PLANNED)

    def _against_truth(self, name, samples, ends, sums, planned=None):
        """Every event of the exchange's record between two that arrived is numbered, or between two connections.

        Events are numbered as they come. Around a planned end two connections bring the same ones, and the newer may be
        ahead of the older: there they are taken in the exchange's order, and nowhere else. `planned` is how many such
        ends there were, if that is known.
        """
        if not self.ids:
            return
        sequences, places = array.array("Q"), array.array("Q")
        for sequence, update, _ in samples:
            if update < self.ids[0]:
                continue  # older than the exchange's record, which is bounded
            place = bisect.bisect_left(self.ids, update)
            if place == len(self.ids) or self.ids[place] != update:
                self.check(False, f"{name}: the exchange never sent {update}")
                return
            sequences.append(sequence)
            places.append(place)
        overtaken = overtakings(sequences, places)
        if overtaken:
            self.check(planned != 0, f"{name}: {overtaken} events are numbered after ones that were sent later")
            sequences, places = sorted(sequences), sorted(places)
        holes = 0
        for index in range(1, len(places)):
            sent = places[index] - places[index - 1] - 1
            numbered = sequences[index] - sequences[index - 1] - 1
            if sent < numbered:
                self.check(False, f"{name}: {numbered} ids for {sent} events before {self.ids[places[index]]}")
            if sent > numbered:
                holes += 1
                sums.not_sent += sent - numbered
        sums.holes += holes
        self.check(holes <= ends, f"{name}: {holes} holes in the exchange's events, but {ends} connections that broke")

    # Relayed lanes

    def _relay(self, lane):
        if self.forwarders[0] is None:
            self._restarted_forwarder(lane)
            return
        sums = self.paths["backbone"]
        name = f"backbone {lane}"
        sent = self._lane(self.forwarders[-1], "backbone", lane)
        last, recorded = self.receivers[-1]
        samples = recorded[self.world.lanes + lane]
        got = self._lane(last, "backbone", lane)
        counts, totals, here = sent["counts"], got.get("senderTotals"), got["counts"]
        before = got.get("before") or {"forwarded": 0, "dropped": 0}
        invalid = sum(counts["invalid"].values())
        if totals is None:
            self.check(False, f"{name}: no goodbye")
            return
        self.check(
            counts["received"] == counts["forwarded"] + counts["buffered"] + counts["dropped"] + invalid,
            f"{name}: received is not forwarded + buffered + dropped + invalid: {counts}",
        )
        self.check(counts["buffered"] == 0, f"{name}: events are left in the buffer")
        for key in ("received", "forwarded", "dropped"):
            self.check(
                totals[key] == counts[key], f"{name}: the goodbye says {key} {totals[key]}, the summary {counts[key]}"
            )
        lost = totals["forwarded"] - before["forwarded"] - here["arrived"]
        self.check(lost >= 0, f"{name}: more arrived than was forwarded")
        self.check(
            here["missing"] == totals["dropped"] - before["dropped"] + lost,
            f"{name}: missing {here['missing']} is not dropped {totals['dropped'] - before['dropped']} + lost {lost}",
        )
        if self.world.transport == "tcp":
            self.check(
                here["duplicates"] == 0 and here["reordered"] == 0, f"{name}: duplicates or reordering over TCP: {here}"
            )
        self._ranges(name, sent, got, samples, before, totals, last["samplesNotWritten"])
        sums.received += counts["received"]
        sums.invalid += invalid
        sums.dropped += counts["dropped"]
        sums.forwarded += counts["forwarded"]
        sums.arrived += here["arrived"]
        sums.lost += lost
        if len(self.receivers) > 1:
            first = self.receivers[0][1][self.world.lanes + lane]
            arrived = len(first)
            gone = before["forwarded"] - arrived
            self.check(before["forwarded"] > 0, f"{name}: the second receiver knows of no first one")
            self.check(gone >= 0, f"{name}: the first receiver recorded more than was handed over")
            self._against_truth(name + " of receiver 1", first, 0, sums)
            sums.arrived += arrived
            sums.lost += gone  # under way, or in its memory, when it was killed

    def _ranges(self, name, sent, got, samples, before, totals, not_written):
        """The lists of missing and of dropped ids are the ids that are not among the samples, one by one."""
        # Datagrams may change places.
        is_in_order = got["counts"]["reordered"] == 0
        samples = samples if is_in_order else sorted(samples)
        ids = samples.sequences if is_in_order else [sequence for sequence, _, _ in samples]
        listed = [(entry["first"], entry["last"]) for entry in got["missing"]]
        summed = sum(entry.get("missing") or entry["last"] - entry["first"] + 1 for entry in got["missing"])
        self.check(summed == got["counts"]["missing"], f"{name}: the ranges of missing ids add up to {summed}")
        self.check(all(entry["cause"] for entry in got["missing"]), f"{name}: a range without a cause")
        dropped = sum(entry.get("missing") or entry["last"] - entry["first"] + 1 for entry in sent["missing"])
        self.check(dropped == sent["counts"]["dropped"], f"{name}: the ranges of dropped ids add up to {dropped}")
        if not_written:
            return
        self.check(
            len(ids) == got["counts"]["arrived"], f"{name}: {len(ids)} samples of {got['counts']['arrived']} arrived"
        )
        begin = before["forwarded"] + before["dropped"]
        gaps = ranges_of(ids, begin, totals["lastSequence"])
        self.check(size(gaps) == got["counts"]["missing"], f"{name}: {size(gaps)} ids are not among the samples")
        if not any("missing" in entry for entry in got["missing"]):
            # Two stretches that lie side by side may be listed apart, each with its cause.
            self.check(joined(listed) == gaps, f"{name}: other ids are listed as missing than are among the samples")
        self._against_truth(
            name, samples, self._unplanned_ends(sent), self.paths["backbone"], self._planned_ends(sent)
        )

    def _restarted_forwarder(self, lane):
        """The first forwarder was killed with its account: the receiver's and the exchange's stand in for it."""
        sums = self.paths["backbone"]
        name = f"backbone {lane}"
        sent = self._lane(self.forwarders[-1], "backbone", lane)
        summary, recorded = self.receivers[-1]
        got = self._lane(summary, "backbone", lane)
        earlier, totals = got.get("earlier") or (got.get("datagrams") or {}).get("earlier"), got.get("senderTotals")
        if earlier is None or totals is None:
            self.check(False, f"{name}: the receiver does not know of two forwarders: {got['counts']}")
            return
        samples = recorded[self.world.lanes + lane]
        first, second = samples.part(0, earlier["arrived"]), samples.part(earlier["arrived"], len(samples))
        self.check(counts_from_one(first.sequences), f"{name}: the first forwarder's ids have gaps")
        self.check(counts_from_one(second.sequences), f"{name}: the second forwarder's ids have gaps")
        counts, here = sent["counts"], got["counts"]
        invalid = sum(counts["invalid"].values())
        self.check(
            counts["received"] == counts["forwarded"] + counts["buffered"] + counts["dropped"] + invalid
            and counts["buffered"] == 0,
            f"{name}: received is not forwarded + dropped + invalid: {counts}",
        )
        lost = totals["forwarded"] - here["arrived"]
        self.check(lost == 0 and here["missing"] == counts["dropped"] and here["duplicates"] == 0, f"{name}: {here}")
        self.check(len(second) == here["arrived"], f"{name}: {len(second)} samples of {here['arrived']} arrived")
        self.arrived_of_first += len(first)
        self._against_truth(name + " of forwarder 1", first, 0, sums)
        self._against_truth(
            name + " of forwarder 2", second, self._unplanned_ends(sent), sums, self._planned_ends(sent)
        )
        sums.received += counts["received"] + len(first)
        sums.invalid += invalid
        sums.dropped += counts["dropped"]
        sums.forwarded += counts["forwarded"] + len(first)
        sums.arrived += here["arrived"] + len(first)
        sums.lost += lost
