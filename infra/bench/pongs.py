"""An exchange that pings in the middle of bursts, and times the pongs; called by `pongs`."""

import argparse
import base64
import hashlib
import json
import select
import socket
import sys
import time

KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
INTERVAL = 0.25


def frame(opcode, payload):
    """A server's frame, not masked (RFC 6455 section 5.2)."""
    size = len(payload)
    head = bytes([0x80 | opcode, size]) if size < 126 else bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big")
    return head + payload


class Client:
    """One connection: its handshake, its bursts, and the pongs that came."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b""
        self.is_open = False
        self.update = 0
        self.sent = {}
        self.due = 0.0

    def accept(self):
        head = self.input.partition(b"\r\n\r\n")[0].decode()
        names = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
        key = next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        assert names["upgrade"] == "websocket"
        answer = base64.b64encode(hashlib.sha1(key.encode() + KEY).digest())
        self.socket.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + answer
            + b"\r\n\r\n"
        )
        self.input = b""
        self.is_open = True

    def burst(self, count):
        def messages():
            now = int(time.time() * 1000)
            for _ in range(count):
                self.update += 1
                yield frame(
                    1,
                    b'{"e":"bookTicker","u":%d,"s":"BTCUSDT","b":"84551.00","B":"2.646","a":"84551.10","A":"5.302",'
                    b'"T":%d,"E":%d}' % (self.update, now, now),
                )

        payload = b"%d" % time.time_ns()
        octets = b"".join(messages()) + frame(9, payload) + b"".join(messages())
        self.sent[payload] = time.monotonic_ns()
        self.socket.sendall(octets)

    def read(self, times):
        octets = self.socket.recv(65536)
        now = time.monotonic_ns()
        if not octets:
            raise ConnectionError("the agent closed a connection")
        self.input += octets
        if not self.is_open:
            if b"\r\n\r\n" in self.input:
                self.accept()
            return
        while len(self.input) >= 6 and len(self.input) >= 6 + (self.input[1] & 127):
            size = self.input[1] & 127
            mask, body = self.input[2:6], self.input[6 : 6 + size]
            payload = bytes(octet ^ mask[place % 4] for place, octet in enumerate(body))
            if self.input[0] & 15 == 10:
                times.append(now - self.sent.pop(payload))
            self.input = self.input[6 + size :]


def main():
    parser = argparse.ArgumentParser()
    for name in ("seconds", "lanes", "burst"):
        parser.add_argument("--" + name, type=int, required=True)
    options = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listening.getsockname()[1]}, separators=(",", ":")), flush=True)
    clients, times, end = {}, [], None
    patience = time.monotonic() + 30
    while True:
        now = time.monotonic()
        is_complete = len(clients) == options.lanes and all(client.is_open for client in clients.values())
        if end is None and is_complete:
            end = now + options.seconds
            for place, client in enumerate(clients.values()):
                client.due = now + INTERVAL * place / options.lanes
        if end is None and now > patience:
            sys.exit("the agent's connections did not come")
        if end is not None and now >= end and (now >= end + 5 or not any(client.sent for client in clients.values())):
            break
        wait = 0.1
        if end is not None and now < end:
            for client in clients.values():
                if client.due <= now:
                    client.burst(options.burst)
                    client.due += INTERVAL
            wait = max(0.0, min(client.due for client in clients.values()) - time.monotonic())
        for ready in select.select([listening, *clients], [], [], min(wait, 0.1))[0]:
            if ready is listening:
                connection = listening.accept()[0]
                clients[connection] = Client(connection)
            else:
                clients[ready].read(times)
    pings = len(times) + sum(len(client.sent) for client in clients.values())
    times.sort()
    figures = {f"p{share}": times[min(len(times) - 1, len(times) * share // 100)] // 1000 for share in (50, 99, 100) if times}
    print(json.dumps({"pings": pings, **figures}, separators=(",", ":")), flush=True)


main()
