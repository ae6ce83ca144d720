"""The hot statements of the outbox, each with what it returns and why it is right.

One dialect for SQLite and PostgreSQL (`session`). Parameters are named; `:now` is the store's clock
in unix seconds.
"""

from collections.abc import Sequence
from functools import cache

from bridge.store.session import ManyRows

ERASED_MEDIA = "erased"  # `raw_media` of an event of whose words nothing is left

# --- statements about several rows: `… id IN (%s)` -------------------------------------------------
_AT_ONCE = (1, 4, 16, 64, 256)  # few different ones, so that each stays prepared


@cache
def among(statement: str, count: int) -> str:
    """The statement about so many ids; its facts are those of `those`."""
    return statement % ", ".join(f":id{number}" for number in range(_places(count)))


def those(ids: Sequence[int]) -> dict[str, int]:
    """`ids` as facts of `among(…, len(ids))`; there is at least one."""
    padded = [*ids, *[ids[0]] * (_places(len(ids)) - len(ids))]
    return {f"id{number}": one for number, one in enumerate(padded)}


def _places(count: int) -> int:
    return next((size for size in _AT_ONCE if size >= count), count)


# --- intake: all in one transaction, so an event is never stored without its deliveries ------------
FIND_DUPLICATE = (
    "SELECT id FROM event WHERE exchange = :exchange AND dedup_key = :dedup_key AND dedup_key <> ''"
)
COUNT_REPEAT = "UPDATE event SET repeats = repeats + 1 WHERE id = :id"
FIND_SAME_RING = """
SELECT id FROM event
 WHERE exchange = :exchange AND merge_key = :merge_key AND merge_key <> '' AND merged_into IS NULL
   AND received_at BETWEEN :since AND :until
 ORDER BY received_at DESC LIMIT 1
"""
INSERT_EVENTS = ManyRows(
    """
INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key, time_s,
                   raw, raw_media, fields, dedup_key, merge_key, recovered, received_at, merged_into)
VALUES""",
    columns=16,
    # what came before is not returned
    then="""
ON CONFLICT (exchange, dedup_key) WHERE dedup_key <> '' DO NOTHING
RETURNING id, exchange, dedup_key
""",
)
NAME_CALL = "UPDATE event SET call_id = :call_id WHERE id = :id"
FOLLOWED = "SELECT id FROM lane WHERE infobase = :infobase AND exchange = :exchange AND call_id = :call_id"
# The lane first: in PostgreSQL its row lock gives the order of commits; in SQLite the writer is one.
ENTER_LANES = ManyRows(
    "INSERT INTO lane (infobase, exchange, call_id, waiting, due_at, urgent_until) VALUES",
    columns=6,
    then="""
ON CONFLICT (infobase, exchange, call_id) DO UPDATE
   SET waiting = lane.waiting + 1,
       due_at = CASE WHEN lane.waiting = 0 THEN excluded.due_at ELSE lane.due_at END,
       urgent_until = CASE WHEN lane.urgent_until > excluded.urgent_until
                           THEN lane.urgent_until ELSE excluded.urgent_until END
RETURNING id, infobase, exchange, call_id, due_at, waiting
""",
)
# A late event that sorts before the waiting head becomes the head, and owes nothing to its backoff.
HASTEN_IF_FIRST = """
UPDATE lane SET due_at = :now
 WHERE id = :lane_id AND due_at > :now AND NOT EXISTS (
   SELECT 1 FROM delivery
    WHERE lane_id = :lane_id AND state = 'queued'
      AND (position_time, position_rank) <= (:position_time, :position_rank))
"""
INSERT_DELIVERIES = ManyRows(
    """
INSERT INTO delivery (lane_id, event_id, infobase, operation, purpose, state,
                      position_time, position_rank, created_at, expires_at, mail_seq)
VALUES""",
    columns=11,
    then="RETURNING id, lane_id",
)
# Numbers without a gap, in the order of commits: a reader that saw 6 will never be shown a new 5. The
# first is the second of the clock: the ids of a bridge whose database was lost come before all of them.
NEXT_LETTER = """
INSERT INTO mailbox (infobase, tail) VALUES (:infobase, CAST(:now AS BIGINT) + :letters - 1)
ON CONFLICT (infobase) DO UPDATE SET tail = mailbox.tail + :letters
RETURNING tail
"""

# --- claiming: costs what is due, never what waits -----------------------------------------------
URGENT_LANES = """
SELECT id FROM lane
 WHERE infobase = :infobase AND waiting > 0 AND urgent_until > 0 AND urgent_until > :now AND due_at <= :now
 ORDER BY urgent_until LIMIT :limit
"""
# No wait is longer than `horizon`: a lane due later than that was left so by a clock that went back.
STRANDED_LANES = """
SELECT id FROM lane
 WHERE infobase = :infobase AND waiting > 0 AND due_at > :now + :horizon
 ORDER BY due_at LIMIT :limit
"""
DUE_LANES = """
SELECT id FROM lane
 WHERE infobase = :infobase AND waiting > 0 AND due_at <= :now
 ORDER BY due_at LIMIT :limit
"""
NEXT_DUE = """
SELECT id, due_at FROM lane WHERE infobase = :infobase AND waiting > 0 ORDER BY due_at LIMIT :limit
"""
EVENT_COLUMNS = """
e.id AS event_id, e.exchange, e.call_id, e.state AS event_state, e.direction, e.from_number, e.to_number,
e.user_key, e.time_s, e.raw, e.raw_media, e.fields, e.dedup_key, e.merge_key, e.recovered, e.received_at,
e.merged_into, e.repeats
"""
DELIVERY_COLUMNS = """
d.id, d.infobase, d.operation, d.purpose, d.state, d.attempts, d.last_answer, d.created_at, d.expires_at,
d.done_at
"""
EARLIER = f"""
SELECT {EVENT_COLUMNS} FROM event e
 WHERE e.exchange = :exchange AND e.call_id = :call_id AND e.id <> :event_id AND e.merged_into IS NULL
 ORDER BY e.id
"""  # noqa: S608 - put together from constants
# `is_over`: 1C already knows that this call ended, so a popup would be a lie. A lane that was read ahead
# may not be due any more.
HEADS = f"""
SELECT l.id AS lane_id, d.id, d.infobase, d.operation, d.purpose, d.tries, d.created_at, d.expires_at,
       {EVENT_COLUMNS},
       EXISTS (SELECT 1 FROM delivery f
                WHERE f.lane_id = d.lane_id AND f.state = 'delivered' AND f.position_rank >= 4
                  AND f.position_time >= d.position_time) AS is_over
  FROM lane l
  JOIN delivery d ON d.id = (SELECT d.id FROM delivery d WHERE d.lane_id = l.id AND d.state = 'queued'
                              ORDER BY d.position_time, d.position_rank, d.id LIMIT 1)
  JOIN event e ON e.id = d.event_id
 WHERE l.id IN (%s) AND l.waiting > 0 AND (l.due_at <= :now OR l.due_at > :now + :horizon)
"""  # noqa: S608 - put together from constants

STILL_QUEUED = "SELECT 1 FROM delivery WHERE id = :id AND state = 'queued'"

# --- what became of it ---------------------------------------------------------------------------
CLOSE_DELIVERY = """
UPDATE delivery
   SET state = :state, last_answer = :answer, done_at = :now, attempts = attempts + :attempted
 WHERE id = :id AND state = 'queued'
"""
CLOSE_DELIVERIES = """
UPDATE delivery
   SET state = :state, last_answer = :answer, done_at = :now, attempts = attempts + 1
 WHERE id IN (%s) AND state = 'queued'
RETURNING id
"""
# A late event may have become the head while this one was attempted: the wait of `:id` is not its own.
_FIRST = """NOT EXISTS (
   SELECT 1 FROM delivery d WHERE d.lane_id = :lane_id AND d.state = 'queued'
      AND (d.position_time, d.position_rank, d.id)
        < (SELECT position_time, position_rank, id FROM delivery WHERE id = :id))"""
# The lane moves on at once, unless what ended was behind the head: then the head waits as it did.
LEAVE_LANE = f"""
UPDATE lane
   SET waiting = waiting - 1,
       due_at = CASE WHEN {_FIRST} THEN :now ELSE due_at END,
       postponed = CASE WHEN {_FIRST} THEN 0 ELSE postponed END,
       urgent_until = coalesce((SELECT max(expires_at) FROM delivery
                                 WHERE lane_id = :lane_id AND state = 'queued' AND purpose = 'popup'), 0)
 WHERE id = :lane_id
"""  # noqa: S608 - put together from constants
# The same for deliveries of different lanes. Who is alone in the lane is the first.
_ONLY_OR_FIRST = """(lane.waiting = 1 OR NOT EXISTS (
   SELECT 1 FROM delivery d WHERE d.lane_id = lane.id AND d.state = 'queued'
      AND (d.position_time, d.position_rank, d.id) < (t.position_time, t.position_rank, t.id)))"""
LEAVE_LANES = f"""
UPDATE lane
   SET waiting = lane.waiting - 1,
       due_at = CASE WHEN {_ONLY_OR_FIRST} THEN :now ELSE lane.due_at END,
       postponed = CASE WHEN {_ONLY_OR_FIRST} THEN 0 ELSE lane.postponed END,
       urgent_until = CASE WHEN lane.urgent_until = 0 THEN 0 ELSE
         coalesce((SELECT max(expires_at) FROM delivery d
                    WHERE d.lane_id = lane.id AND d.state = 'queued' AND d.purpose = 'popup'), 0) END
  FROM delivery t
 WHERE t.lane_id = lane.id AND t.id IN (%s)
RETURNING lane.id, lane.waiting
"""  # noqa: S608 - put together from constants
POSTPONE_DELIVERY = """
UPDATE delivery SET attempts = attempts + 1, tries = tries + :counted, last_answer = :answer
 WHERE id = :id AND state = 'queued'
"""
POSTPONE_LANE = f"""
UPDATE lane SET due_at = :due_at, postponed = :postponed WHERE id = :lane_id AND {_FIRST}
"""  # noqa: S608 - put together from constants
INSERT_ATTEMPT = (
    "INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES (:id, :now, :verdict, :answer)"
)
INSERT_ATTEMPTS = ManyRows("INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES", columns=4)
REQUEUE_DELIVERY = """
UPDATE delivery
   SET state = 'queued', tries = 0, done_at = NULL, expires_at = :expires_at, mail_seq = :mail_seq
 WHERE id = :id AND state = :state
"""
REJOIN_LANE = f"""
UPDATE lane
   SET waiting = waiting + 1,
       due_at = CASE WHEN {_FIRST} THEN :now ELSE due_at END,
       postponed = CASE WHEN {_FIRST} THEN 0 ELSE postponed END,
       urgent_until = CASE WHEN urgent_until > :urgent_until THEN urgent_until ELSE :urgent_until END
 WHERE id = :lane_id
"""  # noqa: S608 - put together from constants
HUNG = 2  # `postponed`: 1C kept silent. It is no proof that the event was not why
HASTEN = """
UPDATE lane SET due_at = :now, postponed = 0
 WHERE infobase = :infobase AND waiting > 0 AND due_at > :now AND postponed IN (1, :hung)
"""
PAST_LIFETIME = "SELECT id, lane_id FROM delivery WHERE state = 'queued' AND expires_at <= :now LIMIT :limit"

# A write that changes nothing is not written: the proof needs a new value.
PULSE = "UPDATE pulse SET at = :now WHERE id = 1"

# --- clicks --------------------------------------------------------------------------------------
# A click that surely dialled nothing may be repeated at once; `unknown` is CallCode.OUTCOME_UNKNOWN.
# The window counts from the answer: a slow exchange must not outlive it. An open click counts until answered.
RECENT_DIAL = """
SELECT id, status, message, code, call_id FROM dial
 WHERE infobase = :infobase AND subscriber = :subscriber AND number = :number
   AND begun_at > :since - :longest AND begun_at < :until
   AND (ended_at IS NULL OR ended_at > :since)
   AND (status <> 'FAIL' OR code = :unknown)
 ORDER BY begun_at DESC LIMIT 1
"""
CLOSE_OPEN_DIALS = (
    "UPDATE dial SET ended_at = :now, status = 'FAIL', code = :unknown, message = :message WHERE status = ''"
)
BEGIN_DIAL = """
INSERT INTO dial (infobase, subscriber, number, begun_at, owner)
VALUES (:infobase, :subscriber, :number, :now, :owner) RETURNING id
"""
END_DIAL = """
UPDATE dial SET ended_at = :now, status = :status, message = :message, code = :code, call_id = :call_id
 WHERE id = :id
"""
LOOK_DIAL = "SELECT id, status, message, code, call_id FROM dial WHERE id = :id"

# --- the mailbox ---------------------------------------------------------------------------------
TAIL = "SELECT tail FROM mailbox WHERE infobase = :infobase"
CURSOR = "SELECT after_id, polled_at FROM mail_cursor WHERE infobase = :infobase AND reader = :reader"
FIRST_WAITING = """
SELECT mail_seq FROM delivery
 WHERE infobase = :infobase AND state = 'queued' AND mail_seq IS NOT NULL ORDER BY mail_seq LIMIT 1
"""
MOVE_CURSOR = """
INSERT INTO mail_cursor (infobase, reader, after_id, polled_at) VALUES (:infobase, :reader, :after_id, :now)
ON CONFLICT (infobase, reader) DO UPDATE SET after_id = excluded.after_id, polled_at = excluded.polled_at
"""
# A card is given only while it makes sense; facts for the books also to one that reads them again.
LETTERS = f"""
SELECT d.id, d.lane_id, d.mail_seq, d.purpose, d.state, d.created_at, d.expires_at, {EVENT_COLUMNS},
       EXISTS (SELECT 1 FROM delivery f
                WHERE f.lane_id = d.lane_id AND f.position_rank >= 4
                  AND f.position_time >= d.position_time) AS is_over
  FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE d.infobase = :infobase AND d.mail_seq > :after_id
 ORDER BY d.mail_seq LIMIT :limit
"""  # noqa: S608 - put together from constants
# `was_over`: the end of the call was known already when the reader was last here.
WAITING_LETTERS = """
SELECT d.id, d.lane_id, d.mail_seq, d.purpose, d.created_at, d.expires_at, e.user_key, e.from_number,
       e.to_number,
       EXISTS (SELECT 1 FROM delivery f
                WHERE f.lane_id = d.lane_id AND f.position_rank >= 4
                  AND f.position_time >= d.position_time AND f.created_at <= :polled_at) AS was_over
  FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE d.infobase = :infobase AND d.state = 'queued' AND d.mail_seq > :since AND d.mail_seq <= :after_id
 ORDER BY d.mail_seq LIMIT :limit
"""

# --- past calls ----------------------------------------------------------------------------------
HEARD = """
SELECT call_id, state, from_number, to_number, time_s, received_at, fields FROM event
 WHERE exchange = :exchange AND time_s BETWEEN :since AND :until
UNION ALL
SELECT call_id, state, from_number, to_number, time_s, received_at, fields FROM event
 WHERE exchange = :exchange AND time_s IS NULL AND merged_into IS NULL
   AND received_at BETWEEN :since AND :until
"""
NOTE_RECONCILIATION = """
INSERT INTO reconciliation (exchange, day, at, in_exchange, known, added, problem)
VALUES (:exchange, :day, :now, :in_exchange, :known, :added, :problem)
"""

# --- retention -----------------------------------------------------------------------------------
# The newest of the old first: what was merged goes before what it was merged into.
OLD_EVENTS = """
SELECT e.id FROM event e
 WHERE e.received_at < :before
   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id AND d.state IN ('queued', :kept))
   AND NOT EXISTS (SELECT 1 FROM event m WHERE m.merged_into = e.id)
 ORDER BY e.received_at DESC, e.id DESC LIMIT :limit
"""
# What somebody has put back into the queue meanwhile stays, with its event.
DROP_ATTEMPTS = """
DELETE FROM attempt WHERE delivery_id IN (SELECT id FROM delivery WHERE event_id = :id AND state <> 'queued')
"""
DROP_DELIVERIES = "DELETE FROM delivery WHERE event_id = :id AND state <> 'queued' RETURNING lane_id"
DROP_EVENT = """
DELETE FROM event WHERE id = :id AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = :id)
"""
DROP_LANE = """
DELETE FROM lane WHERE id = :lane_id AND waiting = 0
   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.lane_id = :lane_id)
"""
DROP_DIALS = "DELETE FROM dial WHERE begun_at < :before AND status <> ''"
DROP_RECONCILIATIONS = "DELETE FROM reconciliation WHERE at < :before"
