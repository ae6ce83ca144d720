"""LISTEN/NOTIFY: another process on the same database has something new. A hint, after the commit.

NOTIFY takes a lock of the whole database when it commits, so it is never part of an intake and is
sent at most `RINGS_PER_S` times a second; whoever misses it looks by itself within a second.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg

from bridge.core.errors import StoreUnavailable
from bridge.observe import log
from bridge.store.address import said
from bridge.store.pgconnection import Connection, connect

CHANNEL = "vpbx_1c_bridge"
RINGS_PER_S = 20
MAX_NAMES = 100  # a payload is at most 8000 bytes; an empty list wakes for everything
RECONNECT_S = 1.0
COMPLAIN_EVERY_S = 60.0
LOOK_S = 1.0  # how soon a bell that is being closed notices


class PostgresBell:
    """`Bell` of a database. It opens two connections of its own, when they are needed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._name = secrets.token_hex(8)  # our own rings are no news to us
        self._names: set[str] = set()
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._complained_at = -COMPLAIN_EVERY_S
        self._threads: list[threading.Thread] = []
        self._spawn(self._send, "bell-ringer")

    def ring(self, infobases: Iterable[str]) -> None:
        with self._guard:
            self._names.update(infobases)
        self._wanted.set()

    def listen(self, heard: Callable[[Sequence[str]], None]) -> None:
        self._spawn(lambda: self._hear(heard), "bell-listener")

    def close(self) -> None:
        self._stopping.set()
        self._wanted.set()
        for thread in self._threads:
            thread.join()

    def _complain(self, error: BaseException) -> None:
        """Once a minute: a server may be away all night."""
        with self._guard:
            if time.monotonic() - self._complained_at < COMPLAIN_EVERY_S:
                return
            self._complained_at = time.monotonic()
        log.warning("bell_lost", reason=said(error))

    def _spawn(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(self) -> None:
        connection: Connection | None = None
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            with self._guard:
                names, self._names = sorted(self._names), set()
            if not names:
                continue
            payload = json.dumps({"from": self._name, "for": names if len(names) <= MAX_NAMES else []})
            try:
                connection = connection or connect(self._address)
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
            except (psycopg.Error, StoreUnavailable) as error:  # the others look by themselves
                self._complain(error)
                if connection:
                    connection.close()
                connection = None
                self._stopping.wait(RECONNECT_S)
            self._stopping.wait(1 / RINGS_PER_S)
        if connection:
            connection.close()

    def _hear(self, heard: Callable[[Sequence[str]], None]) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._address) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    heard([])  # whatever was rung while nobody listened
                    while not self._stopping.is_set():
                        for notice in connection.notifies(timeout=LOOK_S, stop_after=1):
                            rung = _read(notice.payload)
                            if rung is not None and rung["from"] != self._name:
                                heard(rung["for"])
            except (psycopg.Error, StoreUnavailable) as error:
                self._complain(error)
                self._stopping.wait(RECONNECT_S)


def _read(payload: str) -> dict[str, Any] | None:
    """What a bell of ours sent; None when somebody else used the channel."""
    try:
        rung = json.loads(payload)
    except ValueError:
        return None
    return rung if isinstance(rung, dict) and {"from", "for"} <= rung.keys() else None
