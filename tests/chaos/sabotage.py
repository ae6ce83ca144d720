"""A bridge changed from outside, for negative controls: python sabotage.py CHANGE[+CHANGE] serve …

The tests that must find these defects are the proof that they would find a real one. Nothing of
this is reachable from the bridge: it is put in before it starts.
"""

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bridge.core.calls import CallEvent
from bridge.core.ports import Accepted, Claim, Head, PlannedDelivery
from bridge.store import intake
from bridge.store.session import Session


def normal() -> None:
    """Commits are not written through: what a power cut takes was acknowledged."""
    from bridge.store import connection

    durable = connection.connect

    def forgetful(path: Path) -> sqlite3.Connection:
        opened = durable(path)
        opened.execute("PRAGMA synchronous = NORMAL")
        return opened

    connection.connect = forgetful


def early_ack() -> None:
    """The exchange is told «ok» before the commit."""
    from bridge.store.engine import Store

    bring = Store.bring

    def later(
        self: Store, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float
    ) -> Callable[[], Accepted]:
        def work() -> None:
            time.sleep(0.2)
            bring(self, event, plan, merge_s=merge_s)()

        threading.Thread(target=work, daemon=True).start()
        return lambda: Accepted(event_id=0)

    Store.bring = later  # type: ignore[method-assign]


def no_dedup() -> None:
    """A repeated event is a new one."""

    accept = intake.accept

    def forgetful(db: Session, arrivals: Sequence[intake.Arrival]) -> list[Accepted]:
        strangers = [one._replace(event=replace(one.event, dedup_key="", merge_key="")) for one in arrivals]
        return accept(db, strangers)

    intake.accept = forgetful


def no_order() -> None:
    """A lane is told in the order of arrival."""
    from bridge.store import statements

    statements.HEADS = statements.HEADS.replace(
        "ORDER BY d.position_time, d.position_rank, d.id", "ORDER BY d.id"
    )


def settle_first() -> None:
    """A delivery is closed before 1C is called: at most once instead of at least once."""
    from bridge.core.delivery import Done
    from bridge.store.engine import Store

    claims, take, settle = Store.claims, Store.take, Store.settle

    def optimistic(self: Store, infobase: str, room: int) -> Sequence[Claim]:
        claimed = claims(self, infobase, room)
        for claim in claimed:
            settle(self, claim, Done("1"))
        return claimed

    def taken(self: Store, head: Head, event: CallEvent, accepted: Accepted) -> Claim | None:
        claim = take(self, head, event, accepted)
        if claim:
            settle(self, claim, Done("1"))
        return claim

    Store.claims = optimistic  # type: ignore[method-assign]
    Store.take = taken  # type: ignore[method-assign]
    Store.settle = lambda *_: False  # type: ignore[method-assign]
    Store.settle_all = lambda _, verdicts: [False] * len(verdicts)  # type: ignore[method-assign]


def two_owners() -> None:
    """Every replica on PostgreSQL believes that it tells every infobase."""
    from bridge.store.pgconnection import PostgresSession
    from bridge.store.postgres import PostgresDatabase

    PostgresDatabase.hold = lambda *_: 1  # type: ignore[method-assign]
    PostgresDatabase.elsewhere = lambda *_: False  # type: ignore[method-assign]
    PostgresSession.fence = lambda *_: None  # type: ignore[method-assign]


def short_leases() -> None:
    """No defect: who takes over for a dead replica need not wait as long as in real life."""
    from bridge.store import opening

    opening.LEASE_S = 2.0  # type: ignore[misc]


CHANGES: Mapping[str, Callable[[], None]] = {
    one.__name__: one
    for one in (normal, early_ack, no_dedup, no_order, settle_first, two_owners, short_leases)
}

if __name__ == "__main__":
    for change in sys.argv[1].split("+"):
        CHANGES[change]()
    from bridge.cli import main

    main(sys.argv[2:])
