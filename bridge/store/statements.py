"""The hot statements of the outbox, each with what it returns and why it is right.

Parameters are named; `:now` is the store's clock in unix seconds.
"""

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
INSERT_EVENT = """
INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key, time_s,
                   raw, raw_media, fields, dedup_key, merge_key, received_at, merged_into)
VALUES (:exchange, :call_id, :state, :direction, :from_number, :to_number, :user_key, :time_s,
        :raw, :raw_media, :fields, :dedup_key, :merge_key, :now, :merged_into)
RETURNING id
"""
NAME_CALL = "UPDATE event SET call_id = :call_id WHERE id = :id"
# The lane first: in PostgreSQL its row lock gives the order of commits; here the writer is one.
ENTER_LANE = """
INSERT INTO lane (infobase, exchange, call_id, waiting, due_at, urgent_until)
VALUES (:infobase, :exchange, :call_id, 1, :now, :urgent_until)
ON CONFLICT (infobase, exchange, call_id) DO UPDATE
   SET waiting = waiting + 1,
       due_at = CASE WHEN waiting = 0 THEN excluded.due_at ELSE due_at END,
       urgent_until = max(urgent_until, excluded.urgent_until)
RETURNING id, waiting
"""
# A late event that sorts before the waiting head becomes the head, and owes nothing to its backoff.
HASTEN_IF_FIRST = """
UPDATE lane SET due_at = min(due_at, :now)
 WHERE id = :lane_id AND NOT EXISTS (
   SELECT 1 FROM delivery
    WHERE lane_id = :lane_id AND state = 'queued'
      AND (position_time, position_rank) <= (:position_time, :position_rank))
"""
INSERT_DELIVERY = """
INSERT INTO delivery (lane_id, event_id, infobase, operation, purpose, state,
                      position_time, position_rank, created_at, expires_at)
VALUES (:lane_id, :event_id, :infobase, :operation, :purpose, 'queued',
        :position_time, :position_rank, :now, :expires_at)
"""

# --- claiming: costs what is due, never what waits -----------------------------------------------
URGENT_LANES = """
SELECT id FROM lane
 WHERE infobase = :infobase AND waiting > 0 AND urgent_until > :now AND due_at <= :now
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
e.user_key, e.time_s, e.raw, e.raw_media, e.fields, e.dedup_key, e.merge_key, e.received_at, e.merged_into,
e.repeats
"""
# `over`: 1C already knows that this call ended, so a popup would be a lie.
HEAD = f"""
SELECT d.id, d.infobase, d.operation, d.purpose, d.tries, d.expires_at, {EVENT_COLUMNS},
       EXISTS (SELECT 1 FROM delivery f
                WHERE f.lane_id = d.lane_id AND f.state = 'delivered' AND f.position_rank >= 4
                  AND f.position_time >= d.position_time) AS over
  FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE d.lane_id = :lane_id AND d.state = 'queued'
 ORDER BY d.position_time, d.position_rank, d.id LIMIT 1
"""  # noqa: S608 - put together from constants

# --- what became of it ---------------------------------------------------------------------------
CLOSE_DELIVERY = """
UPDATE delivery
   SET state = :state, last_answer = :answer, done_at = :now, attempts = attempts + :attempted
 WHERE id = :id AND state = 'queued'
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
POSTPONE_DELIVERY = """
UPDATE delivery SET attempts = attempts + 1, tries = tries + :counted, last_answer = :answer WHERE id = :id
"""
POSTPONE_LANE = f"""
UPDATE lane SET due_at = :due_at, postponed = :postponed WHERE id = :lane_id AND {_FIRST}
"""  # noqa: S608 - put together from constants
INSERT_ATTEMPT = (
    "INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES (:id, :now, :verdict, :answer)"
)
REQUEUE_DELIVERY = """
UPDATE delivery SET state = 'queued', tries = 0, done_at = NULL, expires_at = :expires_at
 WHERE id = :id AND state IN ('dead', 'expired')
"""
REJOIN_LANE = f"""
UPDATE lane
   SET waiting = waiting + 1,
       due_at = CASE WHEN {_FIRST} THEN :now ELSE due_at END,
       postponed = CASE WHEN {_FIRST} THEN 0 ELSE postponed END,
       urgent_until = max(urgent_until, :urgent_until)
 WHERE id = :lane_id
"""  # noqa: S608 - put together from constants
HASTEN = """
UPDATE lane SET due_at = :now, postponed = 0
 WHERE infobase = :infobase AND waiting > 0 AND due_at > :now AND postponed = 1
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
CLOSE_OPEN_DIALS = """
UPDATE dial SET ended_at = :now, status = 'FAIL', code = :unknown, message = :message WHERE status = ''
"""
BEGIN_DIAL = """
INSERT INTO dial (infobase, subscriber, number, begun_at)
VALUES (:infobase, :subscriber, :number, :now) RETURNING id
"""
END_DIAL = """
UPDATE dial SET ended_at = :now, status = :status, message = :message, code = :code, call_id = :call_id
 WHERE id = :id
"""
LOOK_DIAL = "SELECT id, status, message, code, call_id FROM dial WHERE id = :id"
