"""A process of strangers who hold connections: `strangers.py HOST PORT IDLE SLOW SECONDS`; says "ready".

IDLE of them are silent, SLOW send a byte a second; whoever is cut comes back in a second.
"""

import selectors
import socket
import sys
import time
from contextlib import suppress
from typing import cast

DRIBBLE = b"POST /ws/Telephony HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 60000\r\n\r\n"


def besiege(host: str, port: int, idle: int, slow: int, seconds: float) -> None:
    until, waiting = time.monotonic() + seconds, selectors.DefaultSelector()
    sent: dict[socket.socket, int] = {}
    coming: list[int | None] = [None] * idle + [0] * slow
    ready = False
    while time.monotonic() < until:
        for place in coming:
            with suppress(OSError):
                made = socket.create_connection((host, port), timeout=2)
                made.setblocking(False)
                waiting.register(made, selectors.EVENT_READ, place)
                if place is not None:
                    sent[made] = place
        coming = []
        if not ready:
            print("ready", flush=True)
            ready = True
        turn = time.monotonic() + 1
        while (left_s := turn - time.monotonic()) > 0:
            for key, _ in waiting.select(timeout=left_s):
                stranger = cast(socket.socket, key.fileobj)
                if _cut(stranger):
                    waiting.unregister(stranger)
                    sent.pop(stranger, None)
                    stranger.close()
                    coming.append(key.data)
        for made, place in list(sent.items()):
            with suppress(OSError):
                made.send(DRIBBLE[place % len(DRIBBLE) :][:1])
                sent[made] = place + 1


def _cut(stranger: socket.socket) -> bool:
    try:
        return not stranger.recv(4096)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


if __name__ == "__main__":
    besiege(sys.argv[1], *map(int, sys.argv[2:6]))
