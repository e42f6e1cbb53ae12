"""Strangers at a receiver's relay port; run inside a host's namespace. Says how many there were of each kind, as JSON.

usage: strangers_at_the_door.py ADDRESS PORT SECONDS GREETING-FILE
GREETING-FILE: a genuine forwarder's first octets, heard on the way, to be replayed.
"""

import concurrent.futures
import json
import os
import selectors
import socket
import struct
import sys
import threading
import time

IDLE = 500
CALLERS = 8


class Door:
    """The port, and who came to it."""

    def __init__(self, address, port):
        self.address, self.port = address, port
        self.counts = {}
        self.lock = threading.Lock()

    def count(self, kind, number=1):
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + number

    def say(self, kind, octets):
        """Says something on a connection of its own and hears the answer out."""
        try:
            connection = socket.create_connection((self.address, self.port), timeout=3)
        except OSError:
            return
        self.count(kind)
        try:
            with connection:
                connection.sendall(octets)
                while connection.recv(4096):
                    pass
        except OSError:
            pass

    def scan(self):
        """A port scanner: connects wherever something listens, and leaves."""
        for candidate in (self.port - 1, self.port, self.port + 1, 22):
            try:
                socket.create_connection((self.address, candidate), timeout=1).close()
            except OSError:
                continue
            if candidate == self.port:
                self.count("scanned")

    def hold(self, number):
        """Connections that never say anything."""
        waiting, selector = [], selectors.DefaultSelector()
        for _ in range(number):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex((self.address, self.port))
            selector.register(connection, selectors.EVENT_WRITE)
            waiting.append(connection)
        held, end = [], time.monotonic() + 5
        while len(held) < number and time.monotonic() < end:
            for key, _ in selector.select(0.1):
                selector.unregister(key.fileobj)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    held.append(key.fileobj)
        self.count("idle", len(held))
        return waiting


def call(door, greeting, end):
    """One caller's round after round of lies."""
    wrong = bytearray(greeting)
    length = struct.unpack(">I", greeting[:4])[0]
    wrong[length - 1] ^= 0x55  # the proof stands at the end of the introduction
    while time.monotonic() < end:
        door.scan()
        door.say("replayed", greeting)
        door.say("wrong proof", bytes(wrong))
        door.say("oversized", struct.pack(">IBBH", 1 << 20, 2, 1, 0) + os.urandom(64 << 10))
        door.say("oversized", struct.pack(">IBBH", 0xFFFFFFFF, 4, 0, 0) + os.urandom(1 << 10))
        door.say("garbage", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        door.say("garbage", os.urandom(200))


def main():
    address, port, seconds, greeting_file = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    with open(greeting_file, "rb") as file:
        greeting = file.read()
    door = Door(address, port)
    end = time.monotonic() + seconds
    held = door.hold(IDLE)
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        for job in [pool.submit(call, door, greeting, end) for _ in range(CALLERS)]:
            job.result()
    for connection in held:
        connection.close()
    print(json.dumps(door.counts))


main()
