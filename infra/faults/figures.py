"""Times from samples: quantiles, and errors against the lab's record of deliveries."""

import os

from account import blocks

ABSENT = 1 << 63  # the least number, as the samples' unsigned words have it


def quantile(values, share):
    """Type 7, as everywhere in latexp; nil-safe callers ask for something that is there."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def arrivals(path, index):
    """A lane's samples as (update id, Tokyo's kernel time, its time of sending, kernel's arrival or None, the program's)."""
    for words in blocks(path):
        for place in range(10, len(words), 12):
            if words[place] & 0xFFFF == index and not words[place] >> 48 & 1:
                kernel = words[place - 3]
                yield words[place - 10], words[place - 6], words[place - 4], (
                    None if kernel == ABSENT else kernel
                ), words[place - 2]


def processor_seconds(pid):
    """The processor time that a process has taken so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
