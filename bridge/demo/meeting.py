"""Where the processes of one bridge find its Полигон: agreed on before they fork, long before it is made."""

import secrets
import socket
import sys
from dataclasses import dataclass, field

Address = str | tuple[str, int]


def somewhere() -> Address:
    """An address on this machine alone: on Linux one that is no file and goes with its process."""
    if sys.platform == "linux":
        return f"\0vpbx-bridge-sandbox-{secrets.token_hex(16)}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(probe.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """`key`: who knows it is believed there."""

    address: Address = field(default_factory=somewhere)
    key: str = field(default_factory=lambda: secrets.token_hex(32))
