"""Who is calling, in the store: what each infobase said of whom, when, and how often it was wanted."""

from collections.abc import Callable, Iterable, Mapping

from bridge.core.caller import CallerCard
from bridge.flows.name_caller import CallerNote, Told
from bridge.store.rows import storable
from bridge.store.session import Database, Row, Session

OFTEN_TIMES = 3
OFTEN_WITHIN_S = 30 * 24 * 3600.0

RECALL = "SELECT * FROM caller WHERE infobase = :infobase AND who = :who"
TELL = """
INSERT INTO caller (infobase, who, title, category, manager, told_at, asked_at, times)
VALUES (:infobase, :who, :title, :category, :manager, :told_at, :asked_at, :times)
ON CONFLICT (infobase, who) DO UPDATE
SET title = excluded.title, category = excluded.category, manager = excluded.manager,
    told_at = excluded.told_at, asked_at = CASE WHEN excluded.times > 0 THEN excluded.asked_at
    ELSE caller.asked_at END, times = caller.times + excluded.times
"""
ASKED = """
UPDATE caller SET asked_at = :asked_at, times = times + :times WHERE infobase = :infobase AND who = :who
"""
OFTEN = """
SELECT who FROM caller
 WHERE infobase = :infobase AND told_at < :told_before AND asked_at >= :asked_since AND times >= :times
   AND (title <> '' OR manager <> '')
 ORDER BY told_at LIMIT :limit
"""
FORGET = "DELETE FROM caller WHERE asked_at < :before"


class Callers:
    """The table of callers, on any `Database`."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    def now(self) -> float:
        return self._clock()

    def recall(self, infobases: Iterable[str], who: str) -> dict[str, Told]:
        """What these infobases said of a caller; those that never did are missing."""
        found = (self._db.read(RECALL, infobase=infobase, who=storable(who)) for infobase in infobases)
        return {row["infobase"]: _told(row) for rows in found for row in rows}

    def keep(self, notes: Mapping[tuple[str, str], CallerNote]) -> None:
        """Write what was learned and asked meanwhile, in one transaction. Keys: infobase and caller."""
        now = self._clock()

        def work(db: Session) -> None:
            for (infobase, who), note in sorted(notes.items(), key=lambda item: item[0]):
                _keep(db, infobase, storable(who), note, now)

        self._db.write(work)

    def often(self, infobase: str, *, older_than_s: float, limit: int) -> list[str]:
        """Known callers who call often, of whom 1C was asked longer ago than that; the oldest first."""
        now = self._clock()
        found = self._db.read(
            OFTEN,
            infobase=infobase,
            told_before=now - older_than_s,
            asked_since=now - OFTEN_WITHIN_S,
            times=OFTEN_TIMES,
            limit=limit,
        )
        return [row["who"] for row in found]


def forget(db: Session, before: float) -> None:
    """Callers whom nobody asked about since then."""
    db.execute(FORGET, {"before": before})


def _keep(db: Session, infobase: str, who: str, note: CallerNote, now: float) -> None:
    facts = {
        "infobase": infobase,
        "who": who,
        "asked_at": note.asked_at or now,
        "times": note.times,
    }
    if note.told is None:
        db.execute(ASKED, facts)
        return
    card = note.told.card
    said = {"title": card.title, "category": card.category, "manager": card.manager}
    stored = {name: storable(text) for name, text in said.items()}
    db.execute(TELL, {**facts, **stored, "told_at": note.told.told_at})


def _told(row: Row) -> Told:
    card = CallerCard(title=row["title"], category=row["category"], manager=row["manager"])
    return Told(card=card, told_at=float(row["told_at"]))
