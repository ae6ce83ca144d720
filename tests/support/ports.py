"""Ports for servers that are started, killed and started again at the same address."""

import atexit
import itertools
import random
import socket

# Below what systems give to outgoing connections (Linux from 32768, Windows and macOS from 49152): a port
# that is free between two starts is not taken by somebody's connection meanwhile.
_RANGE = range(20_000, 32_000)
_START = random.SystemRandom().randrange(len(_RANGE))
_tries = itertools.count(_START)
_held: list[socket.socket] = []


def free_port() -> int:
    """A TCP port of 127.0.0.1 that no other test process on this machine gets while this one lives.

    The claim is the UDP port of the same number, held to the end of the process.
    Raises OSError when none is free.
    """
    for number in itertools.islice(_tries, len(_RANGE)):
        port = _RANGE[number % len(_RANGE)]
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _held.append(claim)
        return port
    raise OSError("no free port on 127.0.0.1")


@atexit.register
def _release() -> None:
    for claim in _held:
        claim.close()
