"""Holds the arrival times in an agent's samples against a packet capture of the same connections; called by `arrival`.

Each message's true time is the capture's stamp of the segment that brought its last octet. Prints one row for each socket:
microseconds of |time - capture| for the kernel's times and for the process's own clock after the read.
"""

import argparse
import array
import collections
import re
import struct
import sys

HEADER = (
    f"{'':26} {'n':>8} {'in own':>7}  {'kernel time, us':^26}  {'user-space time, us':^26}\n"
    f"{'':26} {'':>8} {'segment':>7}  {'p50':>8} {'p99':>8} {'max':>8}  {'p50':>8} {'p99':>8} {'max':>8}"
)
ABSENT = -(1 << 63)


class Broken(Exception):
    """What makes a case one that cannot be judged."""


class Stream:
    """One direction of one connection: its octets, and the capture's stamp of each segment."""

    def __init__(self):
        self.octets = bytearray()
        self.ends = array.array("q")
        self.stamps = array.array("q")
        self.start = None
        self.repeated = 0
        self.waiting = {}

    def add(self, sequence, payload, stamp):
        if self.start is None:
            self.start = sequence
        here = len(self.octets)
        ahead = (sequence - self.start - here) & 0xFFFFFFFF
        if ahead >= 1 << 31:
            self.repeated += 1
            return
        # Segments that two processors send at once may change places on the way.
        self.waiting[here + ahead] = (payload, stamp)
        while len(self.octets) in self.waiting:
            payload, stamp = self.waiting.pop(len(self.octets))
            self.octets += payload
            self.ends.append(len(self.octets))
            self.stamps.append(stamp)

    def check(self):
        if self.waiting:
            raise Broken(f"the capture misses {min(self.waiting) - len(self.octets)} octets of a connection")


def read_capture(path):
    """The streams of a capture with nanosecond stamps, by (source port, destination port)."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != 0xA1B23C4D:
        raise Broken("the capture has no nanosecond stamps")
    if struct.unpack_from("<I", data, 20)[0] != 1:
        raise Broken("the capture is not of an Ethernet-like interface")
    streams = collections.defaultdict(Stream)
    position, record = 24, struct.Struct("<IIII")
    while position + 16 <= len(data):
        seconds, nanoseconds, captured, whole = record.unpack_from(data, position)
        position += 16
        ip = position + 14
        end_of_record = position + captured
        position = end_of_record
        if end_of_record > len(data):
            break
        if captured != whole:
            raise Broken("the capture has cut packets short")
        version = data[ip] >> 4
        if version == 4:
            tcp = ip + (data[ip] & 15) * 4
            end = ip + int.from_bytes(data[ip + 2 : ip + 4], "big")
        elif version == 6:
            tcp = ip + 40
            end = tcp + int.from_bytes(data[ip + 4 : ip + 6], "big")
        else:
            continue
        source, target, sequence = struct.unpack_from(">HHI", data, tcp)
        begin = tcp + (data[tcp + 12] >> 4) * 4
        if data[tcp + 13] & 2:
            streams[source, target].start = (sequence + 1) & 0xFFFFFFFF
        if end > begin:
            streams[source, target].add(sequence, data[begin:end], seconds * 1_000_000_000 + nanoseconds)
    return streams


def largest(streams, source=None, target=None):
    found = [s for (a, b), s in streams.items() if source in (None, a) and target in (None, b) and s.octets]
    if not found:
        raise Broken("the capture holds nothing of the connection that is looked for")
    stream = max(found, key=lambda stream: len(stream.octets))
    stream.check()
    return stream


def ends_in_segments(stream, ends):
    """For each end of a message, in order: the stamp of its last segment and that segment's number."""
    segment = 0
    for end in ends:
        while stream.ends[segment] < end:
            segment += 1
        yield stream.stamps[segment], segment


def websocket_messages(octets):
    """(u, end) of each text frame behind the upgrade."""
    position = octets.index(b"\r\n\r\n") + 4
    number = re.compile(rb'"u":(\d+)')
    while position + 2 <= len(octets):
        opcode, length, header = octets[position] & 15, octets[position + 1] & 127, 2
        if length == 126:
            length, header = int.from_bytes(octets[position + 2 : position + 4], "big"), 4
        elif length == 127:
            length, header = int.from_bytes(octets[position + 2 : position + 10], "big"), 10
        end = position + header + length
        if end > len(octets):
            return
        if opcode == 1:
            found = number.search(octets, position, end)
            if found:
                yield int(found.group(1)), end
        position = end


def tls_messages(octets, first_id, sent):
    """(u, end) of each record that holds a message: the longest run of records of nearly one size, which are all of them."""
    records, position = [], 0
    while position + 5 <= len(octets):
        length = int.from_bytes(octets[position + 3 : position + 5], "big")
        if octets[position] == 23:
            records.append((length, position + 5 + length))
        position += 5 + length
    size = collections.Counter(length for length, _ in records).most_common(1)[0][0]
    runs, begin = [], None
    for index, (length, _) in enumerate(records + [(0, 0)]):
        if abs(length - size) <= 12:
            begin = index if begin is None else begin
        elif begin is not None:
            runs.append((index - begin, begin))
            begin = None
    count, begin = max(runs)
    if count != sent:
        raise Broken(f"{sent} messages were sent, the capture has {count} records of their size in a row")
    for index in range(count):
        yield first_id + index, records[begin + index][1]


def relay_events(octets):
    """(sequence id, end) of each EVENT frame."""
    position = 0
    while position + 8 <= len(octets):
        end = position + int.from_bytes(octets[position : position + 4], "big")
        if end > len(octets):
            return
        if octets[position + 4] == 4:
            yield int.from_bytes(octets[position + 8 : position + 16], "big"), end
        position = end


def read_samples(path):
    """Rows of (u, sequence, source kernel, source user, arrival kernel, arrival user)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"LATEXPSM":
        raise Broken(f"{path} is no sample file")
    record = struct.Struct("<qqqQqqqqqqHHHHq")
    body = memoryview(data)[32 : 32 + (len(data) - 32) // record.size * record.size]
    return [(row[0], row[3], row[4], row[5], row[7], row[8]) for row in record.iter_unpack(body)]


def compare(stream, messages, times, name, options):
    """Prints a socket's row; whether it is within the limit."""
    messages = list(messages)
    alone = collections.Counter()
    truth = {}
    for (key, end), (stamp, segment) in zip(messages, ends_in_segments(stream, (end for _, end in messages))):
        alone[segment] += 1
        truth[key] = (stamp, segment)
    if not truth:
        raise Broken(f"the capture has no message of the {name} connection")
    begin = stream.stamps[0] + 1_000_000_000
    kernel, user, missing, own = [], [], 0, 0
    for key, kernel_ns, user_ns in times:
        if key not in truth:
            raise Broken(f"message {key} of the {name} connection is not in the capture")
        stamp, segment = truth[key]
        if stamp < begin:
            continue
        if kernel_ns == ABSENT:
            missing += 1
            kernel_ns = user_ns
        kernel.append(abs(kernel_ns - stamp))
        user.append(abs(user_ns - stamp))
        own += alone[segment] == 1
    if len(kernel) < 1_000:
        raise Broken(f"only {len(kernel)} messages of the {name} connection could be compared")
    kernel.sort()
    user.sort()

    def figures(values):
        last = len(values) - 1
        return " ".join(f"{values[min(last, int(q * len(values)))] / 1_000:8.1f}" for q in (0.5, 0.99, 1))

    add_rows(name, kernel, user, options)
    title = f"{options.scheme} {options.rate}/s {options.load}, {name}"
    limit = limit_of(options)
    p99 = kernel[int(0.99 * len(kernel))] / 1_000
    if options.load == "stopped":
        # The kernel merges much of what comes while nobody reads; its times must be far better than the process's all the same.
        user_p99 = user[int(0.99 * len(user))] / 1_000
        within, wrong = user_p99 < 50_000 or p99 < user_p99 / 2, "no better than the process's own clock"
        if name == "feed" and user_p99 < 50_000:
            raise Broken("the agent was not stopped")
    else:
        within, wrong = p99 <= limit, f"p99 above {limit:g} us"
    notes = ("" if within else f"  BROKEN: {wrong}") + (f"  {missing} without kernel time" if missing else "")
    paced = options.sent / options.seconds
    if paced < 0.95 * options.rate:
        notes += f"  the feed came to {paced:.0f}/s only"
    print(f"{title:26} {len(kernel):8} {own / len(kernel):7.1%}  {figures(kernel)}  {figures(user)}{notes}", flush=True)
    return within


def add_rows(name, kernel, user, options):
    """One round of this socket's figures, for figures.py: the errors of the two clocks, us."""
    with open(options.rows, "a") as file:
        for quantity, share in (("p50", 0.5), ("p99", 0.99)):
            what = f"arrival stamp, {options.scheme} {options.rate:,}/s {options.load}, {name}"
            # An error of nothing at all is one below the clock's nanosecond.
            errors = (max(1, values[int(share * len(values))]) / 1_000 for values in (kernel, user))
            print(what, f"{quantity} of the error", "us", "less", "user-space time", *errors, sep="\t", file=file)


def limit_of(options):
    pairs = [tuple(float(part) for part in pair.split(":")) for pair in options.limits.split()]
    return max((rate, limit) for rate, limit in pairs if rate <= options.rate)[1]


def run(options):
    streams = read_capture(options.pcap)
    samples = read_samples(options.samples)
    if len(samples) < options.sent * 0.9:
        raise Broken(f"{options.sent} messages were sent, {len(samples)} recorded")
    feed = largest(streams, source=options.feed_port)
    first = min(row[0] for row in samples)
    if options.scheme == "ws":
        messages = websocket_messages(feed.octets)
    else:
        messages = tls_messages(feed.octets, first, options.sent)
    relayed = options.relay_port is not None
    kernel, user = (2, 3) if relayed else (4, 5)
    good = compare(feed, messages, ((row[0], row[kernel], row[user]) for row in samples), "feed", options)
    if relayed:
        relay = largest(streams, target=options.relay_port)
        times = ((row[1], row[4], row[5]) for row in samples)
        good &= compare(relay, relay_events(relay.octets), times, "relay", options)
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--header", action="store_true")
    for name in ("--pcap", "--samples", "--scheme", "--load", "--limits", "--rows"):
        parser.add_argument(name)
    for name in ("--feed-port", "--relay-port", "--rate", "--sent", "--seconds"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    if options.header:
        print(HEADER, flush=True)
        return 0
    try:
        return run(options)
    except Broken as error:
        print(f"infra/bench/arrival: {error}", file=sys.stderr)
        return 2


sys.exit(main())
