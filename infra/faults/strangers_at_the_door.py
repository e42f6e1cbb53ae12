"""Strangers at a receiver's relay port; run inside a host's namespace. Says how many there were of each kind, as JSON.

usage: strangers_at_the_door.py ADDRESS PORT SECONDS GREETING-FILE
GREETING-FILE: a genuine forwarder's first octets, heard on the way, to be replayed.
"""
import json
import os
import selectors
import socket
import struct
import sys
import time

address, port, seconds, greeting_file = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
with open(greeting_file, "rb") as file:
    greeting = file.read()
counts = {"scan": 0, "idle": 0, "replayed": 0, "wrong proof": 0, "oversized": 0, "garbage": 0}
end = time.monotonic() + seconds


def dial(timeout=2.0):
    return socket.create_connection((address, port), timeout=timeout)


def say(kind, octets):
    """Says something on a connection of its own and hears the answer out."""
    try:
        with dial() as connection:
            connection.sendall(octets)
            connection.settimeout(2.0)
            while connection.recv(4096):
                pass
            counts[kind] += 1
    except OSError:
        counts[kind] += 1


def scan():
    """A port scanner: connects wherever something listens, and leaves."""
    for candidate in [port - 2, port - 1, port, port + 1, 22, 443]:
        try:
            socket.create_connection((address, candidate), timeout=0.5).close()
            if candidate == port:
                counts["scan"] += 1
        except OSError:
            pass


idle = []
for _ in range(500):
    try:
        idle.append(dial())
        counts["idle"] += 1
    except OSError:
        break
wrong = bytearray(greeting)
if len(wrong) > 40:
    wrong[-1 - 48] ^= 0x55  # inside the proof, before the totals that follow
while time.monotonic() < end:
    scan()
    say("replayed", greeting)
    say("wrong proof", bytes(wrong))
    say("oversized", struct.pack(">IBBH", 1 << 20, 2, 1, 0) + os.urandom(64 << 10))
    say("oversized", struct.pack(">IBBH", 0xFFFFFFFF, 4, 0, 0) + os.urandom(1 << 10))
    say("garbage", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    say("garbage", os.urandom(200))
for connection in idle:
    connection.close()
print(json.dumps(counts))
