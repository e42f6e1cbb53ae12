#!/usr/bin/env python3
"""Holds the accounts that infra/bench/conservation left behind against each other, event by event."""
import array
import json
import os
import sys

work = sys.argv[1]
wrong = []


def check(holds, text):
    if not holds:
        wrong.append(text)


def read(name):
    with open(os.path.join(work, name)) as file:
        return json.load(file)


def sequences(name, lanes):
    """The recorded sequence ids of each lane, in the order in which they were recorded."""
    found = [array.array("Q") for _ in range(lanes)]
    with open(os.path.join(work, name, "samples.bin"), "rb") as file:
        check(file.read(8) == b"LATEXPSM", f"{name}: no file of samples")
        file.seek(32)
        while block := file.read(96 * 100_000):
            block = block[: len(block) // 96 * 96]  # the agent may have been killed inside a record
            words = array.array("Q", block)
            if sys.byteorder == "big":
                words.byteswap()
            for sequence, lane in zip(words[3::12], words[10::12]):
                found[lane & 0xFFFF].append(sequence)
    return found


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


def size(ranges):
    return sum(last - first + 1 for first, last in ranges)


def common(some, others):
    """How many ids are in both of two lists of ranges."""
    count, index = 0, 0
    for first, last in some:
        while index < len(others) and others[index][1] < first:
            index += 1
        at = index
        while at < len(others) and others[at][0] <= last:
            count += min(last, others[at][1]) - max(first, others[at][0]) + 1
            at += 1
    return count


feed = [json.loads(line) for line in open(os.path.join(work, "feed", "out"))][-1]
sent = read("forwarder/summary.json")["lanes"]
received = read("second/summary.json")
arrived = received["lanes"]
first = sequences("first", len(sent))
second = sequences("second", len(sent))
check(received["samplesNotWritten"] == 0, f"{received['samplesNotWritten']} samples were not written")
total = {}
for lane, (sender, receiver) in enumerate(zip(sent, arrived)):
    name = f"lane {lane}: "
    counts, totals = sender["counts"], receiver.get("senderTotals")
    before = receiver.get("before") or {"forwarded": 0, "dropped": 0}
    if totals is None:
        wrong.append(name + "no goodbye")
        continue
    invalid = sum(counts["invalid"].values())
    check(counts["received"] == feed["sent"], name + f"received {counts['received']}, the feed sent {feed['sent']}")
    check(
        counts["received"] == counts["forwarded"] + counts["buffered"] + counts["dropped"] + invalid,
        name + f"received is not forwarded + buffered + dropped + invalid: {counts}",
    )
    check(counts["buffered"] == 0, name + "events are left in the buffer")
    for key in ("received", "forwarded", "dropped"):
        check(totals[key] == counts[key], name + f"the goodbye says {key} {totals[key]}, the summary {counts[key]}")
    here = receiver["counts"]
    lost = totals["forwarded"] - before["forwarded"] - here["arrived"]
    check(lost >= 0, name + "more arrived than was sent on")
    check(here["duplicates"] == 0 and here["reordered"] == 0, name + "duplicates or reordering over TCP")
    check(
        here["missing"] == totals["dropped"] - before["dropped"] + lost,
        name + f"missing {here['missing']} is not dropped since {totals['dropped'] - before['dropped']} + lost {lost}",
    )
    # The samples say the same as the counts, id by id.
    begin, last = before["forwarded"] + before["dropped"], totals["lastSequence"]
    check(len(second[lane]) == here["arrived"], name + f"{len(second[lane])} samples of {here['arrived']} arrived")
    for ids in (first[lane], second[lane]):
        check(all(a < b for a, b in zip(ids, ids[1:])), name + "ids do not grow")
    gaps = ranges_of(second[lane], begin, last)
    listed = [(entry["first"], entry["last"]) for entry in receiver["missing"]]
    is_listed_whole = not any("missing" in entry for entry in receiver["missing"])
    check(size(gaps) == here["missing"], name + f"{size(gaps)} ids are not among the samples, missing says {here['missing']}")
    summed = sum(entry.get("missing", entry["last"] - entry["first"] + 1) for entry in receiver["missing"])
    check(summed == here["missing"], name + f"the ranges of missing ids add up to {summed}, not {here['missing']}")
    dropped = [(entry["first"], entry["last"]) for entry in sender["missing"]]
    summed = sum(entry.get("missing", entry["last"] - entry["first"] + 1) for entry in sender["missing"])
    check(summed == counts["dropped"], name + f"the ranges of dropped ids add up to {summed}, not {counts['dropped']}")
    if is_listed_whole:
        check(size(listed) == common(listed, gaps), name + "ids are listed as missing that are among the samples")
    if not any("missing" in entry for entry in sender["missing"]):
        since = common([(begin + 1, last)], dropped)
        check(common(dropped, gaps) == since, name + "ids are among the samples that the forwarder dropped")
        lived = ranges_of(first[lane], 0, begin)
        check(common(dropped, lived) == size(dropped) - since, name + "the first receiver recorded ids that were dropped")
        down = size(lived) - (size(dropped) - since)
        check(down == before["forwarded"] - len(first[lane]), name + "what the first receiver had does not come out")
    check(not first[lane] or first[lane][-1] <= begin, name + "the first receiver has ids of the second")
    check(before["forwarded"] > 0, name + "the second receiver does not know that there was a first one")
    for key, value in {
        "received": counts["received"],
        "forwarded": counts["forwarded"],
        "dropped": counts["dropped"],
        "invalid": invalid,
        "arrived at the second": here["arrived"],
        "lost in flight": lost,
        "before it": before["forwarded"],
        "  recorded by the first": len(first[lane]),
        "  gone with it": before["forwarded"] - len(first[lane]),
        "missing ids": here["missing"],
    }.items():
        total.setdefault(key, []).append(value)

print(f"{'':26}" + "".join(f"{f'lane {lane}':>12}" for lane in range(len(sent))) + f"{'all':>13}")
for key, values in total.items():
    print(f"{key:26}" + "".join(f"{value:12d}" for value in values) + f"{sum(values):13d}")
for text in wrong:
    print("BROKEN:", text)
if not wrong:
    print("received = forwarded + dropped + invalid; forwarded = before + arrived + lost; ids and samples agree")
sys.exit(1 if wrong else 0)
