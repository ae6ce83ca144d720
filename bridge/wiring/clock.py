"""What a bridge does by the clock: healing, retention, and figures that nobody would bring up to date."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bridge.chores import Chore, Chores
from bridge.observe import Figures, log
from bridge.settings import Settings
from bridge.store.archive import Archive
from bridge.store.engine import Store
from bridge.wiring.healing import DAY_S, chores
from bridge.wiring.partners import Publication, audiences
from bridge.wiring.record_copies import record_chores

PURGE_FIRST_S = 60.0
PURGE_EVERY_S = 3600.0
PURGE_TURN_S = 10.0  # then the other chores have theirs
PURGE_PAUSE_S = 0.05  # between batches: intake goes first


def by_the_clock(
    settings: Settings,
    *,
    store: Store,
    published: Mapping[str, Publication],
    hint: Callable[..., None],
    figures: Figures,
    more: Sequence[Chore] = (),
) -> Chores:
    """The chores of a process that tells 1C; of several such processes one does each of them."""
    archive = Archive(settings.server.database)
    return Chores(
        chores(
            settings,
            store=store,
            first_heard=archive.first_heard,
            last_heard=archive.last_heard,
            audiences_of=partial(audiences, settings, published),
            hint=hint,
            figures=figures,
            extra=[
                _purging(store, settings.server.keep_days),
                _forgetting(store, settings.server.audit_days),
                *record_chores(settings, store),
                *more,
            ],
        ),
        allowed=store.may,
    )


def _forgetting(store: Store, audit_days: int) -> Chore:
    def work() -> None:
        store.forget_deeds(older_than_s=audit_days * DAY_S)

    return Chore(name="audit", first_in_s=PURGE_FIRST_S, next_in=lambda: PURGE_EVERY_S, work=work)


def _purging(store: Store, keep_days: int) -> Chore:
    more = False

    def work() -> None:
        nonlocal more
        gone, until = 0, time.monotonic() + PURGE_TURN_S
        while batch := store.purge(older_than_s=keep_days * DAY_S):
            gone += batch
            if time.monotonic() > until:
                break
            time.sleep(PURGE_PAUSE_S)
        more = bool(batch)
        if gone:
            log.info("purged", count=gone)

    def next_in() -> float:
        return PURGE_FIRST_S if more else PURGE_EVERY_S

    return Chore(name="purge", first_in_s=PURGE_FIRST_S, next_in=next_in, work=work)
