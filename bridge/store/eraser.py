"""Forgetting a person by their number, beside a running bridge: look, tell what was found, erase."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.core.number_trace import NumberTrace
from bridge.store import recordings, tracing
from bridge.store.erasing import erase_call, erase_row
from bridge.store.looking import LookingAtFile, LookingAtServer, looking
from bridge.store.record_files import RecordFiles
from bridge.store.session import Row
from bridge.store.tracing import Call, Traces


@dataclass
class Erased:
    """What was done. `left` says what could not be and why; not `settled`: old bytes are in a log."""

    counts: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    settled: bool = True


class Eraser:
    """Args: `address` of the database; `files`: the copies of recordings; `clock` gives unix time."""

    def __init__(self, address: str, files: RecordFiles, *, clock: Callable[[], float] = time.time) -> None:
        self._address = address
        self._files = files
        self._clock = clock

    def traces(self, trace: NumberTrace) -> Traces:
        """Everything that holds the number.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        with looking(self._address) as db:
            return tracing.traces(db.session, trace)

    def erase(self, trace: NumberTrace, found: Traces, *, force: bool = False) -> Erased:
        """Erase what was found, call after call.

        Args:
            force: also calls that 1C is still to be told; they will not be.

        Raises:
            StoreUnavailable: it cannot be written; what is done stays done, and the rest is found again.
        """
        done = Erased()
        with looking(self._address) as db:
            for call in found.calls:
                self._call(db, call, trace, done, force=force)
            for place, rows in found.rows.items():
                for row in rows:
                    if place.table == "record" and not self._unheard(db, row, done):
                        continue
                    with db.transaction():
                        erase_row(db.session, place, row, trace)
                    done.counts[place.table] += 1
            done.settled = db.settle()
        return done

    def _call(
        self,
        db: LookingAtFile | LookingAtServer,
        call: Call,
        trace: NumberTrace,
        done: Erased,
        *,
        force: bool,
    ) -> None:
        key = {"exchange": call.exchange, "call_id": call.call_id}
        if not self._unheard(db, key, done):
            return
        with db.transaction():
            events = erase_call(db.session, call, trace, self._clock(), force=force)
        if events:
            done.counts += Counter(event=events, record=call.records)
        else:
            done.left.append(f"звонок {call.exchange}: событие только что пришло и ещё не доставлено 1С")

    def _unheard(self, db: LookingAtFile | LookingAtServer, key: Row, done: Erased) -> bool:
        """Remove the copy of a recording, if there is one; False when it cannot be."""
        facts = {name: key[name] for name in ("exchange", "call_id")}
        kept = recordings.find(db.session, **facts)
        if kept is None or not kept.file:
            return True
        try:
            gone = self._files.drop(kept)
        except OSError as error:  # somebody listens to it (Windows), or the disk is read-only
            done.left.append(f"копия записи {kept.file}: {error.strerror or type(error).__name__}")
            return False
        if gone:
            done.counts["file"] += 1
        else:
            done.left.append(f"копии записи {kept.file} нет в records_dir этого компьютера")
        return True
