"""A relay as one writes it in an hour with a public library, to be measured beside: relay_peer.py URL ADDRESS PORT."""

import asyncio
import os
import socket
import ssl
import sys

import websockets


async def main(url, address, port):
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE")) if url.startswith("wss") else None
    _, writer = await asyncio.open_connection(address, int(port))
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    async with websockets.connect(url, ssl=context, compression=None, max_queue=None) as feed:
        async for message in feed:
            writer.write(message.encode() + b"\n")
    writer.close()


try:
    asyncio.run(main(*sys.argv[1:]))
except websockets.ConnectionClosed:
    pass
