"""Recordings are copied before the exchange deletes them: by the clock, beside everything else.

What is to be copied is found among the events themselves, so intake pays nothing and a fall loses nothing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from bridge.chores import Chore
from bridge.core.records import KeptRecord, RecordAway, RecordGone, Recording, RecordSource, SourceAway
from bridge.observe import log
from bridge.settings import Settings
from bridge.store.opening import Store
from bridge.store.record_files import RecordFiles
from bridge.store.recordings import FIRST, Recordings
from bridge.wiring.records import record_sources

DAY_S = 24 * 3600.0
FIRST_LOOK_S = 30.0
LOOK_EVERY_S = 60.0
TIDY_EVERY_S = 3600.0
# some exchanges have the recording 40 s after the end, and half of it earlier; nobody is in a hurry
FETCH_AFTER_S = 600.0
OVERLAP_S = 3600.0  # a scan begins so much before the last one: commits overtake each other
BATCH = 50  # recordings fetched in one turn
AWAY_S = 300.0  # until a server that does not answer is asked again
# after each try that found no whole recording; a day in all, then it is given up
RETRY_S: tuple[float, ...] = (60, 120, 300, 900, 1800, *[3600.0] * 23)
MIN_BYTES = 128  # less is a header without sound: the exchange is still writing


class Copier:
    """Copies the recordings of one exchange.

    Args:
        keep_days: of events; what is older is none of ours.
        fetch_after_s: how long after the end of a call its recording is fetched.
    """

    def __init__(
        self,
        exchange: str,
        *,
        source: RecordSource,
        recordings: Recordings,
        files: RecordFiles,
        keep_days: int,
        fetch_after_s: float = FETCH_AFTER_S,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._recordings = recordings
        self._files = files
        self._keep_s = keep_days * DAY_S
        self._fetch_after_s = fetch_after_s
        self._looked_at = 0.0  # unix time: the first look goes through all that is kept
        self._more = False

    def work(self) -> None:
        """Enqueue what ended, fetch what is due.

        Raises:
            StoreUnavailable: what is done is kept.
        """
        self._enqueue()
        due = self._recordings.due(self._exchange, limit=BATCH)
        done = sum(1 for _ in self._fetched(due))
        self._more = done == BATCH

    def next_in(self) -> float:
        return 0.0 if self._more else LOOK_EVERY_S

    def _enqueue(self) -> None:
        place, began = FIRST, time.time()
        within_s = min(self._keep_s, began - self._looked_at + OVERLAP_S)
        while True:
            calls, after = self._recordings.over(self._exchange, within_s=within_s, after=place)
            known = [
                replace(call, address=self._source.shown(call.traces))
                for call in calls
                if self._source.knows(call.traces)
            ]
            if known:
                self._recordings.enqueue(self._exchange, known, wait_s=self._fetch_after_s)
            if after is None:
                break
            place = after
        self._looked_at = began

    def _fetched(self, due: list[KeptRecord]) -> Iterator[KeptRecord]:
        """Fetch them one after another, until nothing can be had or kept any more."""
        for one in due:
            try:
                self._fetch(one)
            except SourceAway as away:
                self._postpone(one, str(away), AWAY_S, counted=False)
                return
            except (RecordGone, RecordAway) as problem:
                left = RETRY_S[one.tries : one.tries + 1]
                self._postpone(one, str(problem), left[0] if left else None)
            except OSError as error:
                reason = f"копия не пишется: {error.strerror or type(error).__name__}"
                log.error("records_not_written", exchange=self._exchange, reason=reason)
                self._postpone(one, reason, AWAY_S, counted=False)
                return
            yield one

    def _fetch(self, one: KeptRecord) -> None:
        traces = self._recordings.traces(one.exchange, one.call_id)
        with self._source.open(traces) as recording:
            name = self._files.name_of(one.exchange, one.call_id, recording.media)
            size = self._files.write(name, _whole(recording))
        if not self._recordings.keep(one, file=name, media=recording.media, size=size):  # erased meanwhile
            self._files.drop(replace(one, file=name))
            return
        log.info("record_kept", exchange=one.exchange, call_id=one.call_id, size=size)

    def _postpone(self, one: KeptRecord, problem: str, wait_s: float | None, *, counted: bool = True) -> None:
        self._recordings.postpone(one, problem, wait_s=wait_s, counted=counted)
        facts = {"exchange": one.exchange, "call_id": one.call_id, "reason": problem}
        if wait_s is None:
            log.warning("record_given_up", **facts)
        else:
            log.info("record_postponed", **facts, again_in_s=wait_s)


def record_chores(settings: Settings, store: Store, *, fetch_after_s: float = FETCH_AFTER_S) -> list[Chore]:
    """Copying, for exchanges whose recordings are kept; and forgetting old copies, in any case."""
    files = RecordFiles(settings.server.records_dir)
    sources = record_sources(settings)
    copiers = {
        name: Copier(
            name,
            source=sources[name],
            recordings=store.recordings,
            files=files,
            keep_days=settings.server.keep_days,
            fetch_after_s=fetch_after_s,
        )
        for name, section in settings.exchange.items()
        if section.keep_records
    }
    copying = [
        Chore(name=f"records:{name}", first_in_s=FIRST_LOOK_S, next_in=one.next_in, work=one.work, apart=True)
        for name, one in copiers.items()
    ]
    tidying = Chore(
        name="records",
        first_in_s=LOOK_EVERY_S,
        next_in=lambda: TIDY_EVERY_S,
        work=_tidying(store.recordings, files, settings.server.keep_days * DAY_S),
    )
    return [*copying, tidying]


def _tidying(recordings: Recordings, files: RecordFiles, keep_s: float) -> Callable[[], None]:
    def work() -> None:
        for one in recordings.old(older_than_s=keep_s):
            try:
                files.drop(one)  # first: a file that nobody knows of would stay for ever
            except OSError as error:  # somebody listens to it (Windows), or the disk is read-only
                log.warning("record_not_removed", call_id=one.call_id, reason=type(error).__name__)
                continue
            recordings.drop(one)
        recordings.drop_unheard()
        files.tidy()

    return work


def _whole(recording: Recording) -> Iterator[bytes]:
    """The chunks of a whole recording. Raises RecordAway when the exchange is still writing it."""
    size, head = 0, b""
    for chunk in recording.chunks:
        if len(head) < 12:
            head += chunk[:12]
        size += len(chunk)
        yield chunk
    promised = recording.total if recording.total is not None else size
    if recording.media == "audio/wav" and head[:4] == b"RIFF":
        inside = int.from_bytes(head[4:8], "little") + 8
        promised = max(promised, inside) if inside < 2**32 - 1024 else promised  # a stream's says nothing
    if size < max(promised, MIN_BYTES):
        raise RecordAway("АТС ещё пишет эту запись")
