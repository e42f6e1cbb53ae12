"""Hears the first octets that a forwarder sends to a receiver's port, as someone on the way could; run in a namespace.

usage: hear_greeting.py PORT FILE
Writes FILE (by renaming) once it has heard them; says READY on standard output when it listens.
"""

import os
import socket
import sys

port, target = int(sys.argv[1]), sys.argv[2]
ears = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
ears.settimeout(60)
print("READY", flush=True)
while True:
    packet = ears.recv(65_536)
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != 6:
        continue
    tcp = (packet[0] & 15) * 4
    payload = packet[tcp + (packet[tcp + 12] >> 4) * 4 : int.from_bytes(packet[2:4], "big")]
    if int.from_bytes(packet[tcp + 2 : tcp + 4], "big") == port and payload:
        with open(target + ".new", "wb") as file:
            file.write(payload)
        os.rename(target + ".new", target)
        break
