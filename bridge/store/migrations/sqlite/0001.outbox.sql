-- The outbox: events as they came, one lane per (infobase, call), deliveries in the lanes.

CREATE TABLE event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with acceptance; 1C deduplicates by it
    exchange    TEXT    NOT NULL,
    call_id     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    direction   TEXT    NOT NULL,
    from_number TEXT    NOT NULL,
    to_number   TEXT    NOT NULL,
    user_key    TEXT    NOT NULL,
    time_s      INTEGER,                           -- the exchange's own clock; NULL when it said none
    raw         BLOB    NOT NULL,                  -- exactly what came
    raw_media   TEXT    NOT NULL,
    fields      TEXT    NOT NULL,                  -- the exchange's JSON object as it was read
    dedup_key   TEXT    NOT NULL,                  -- '' when the exchange gives nothing to recognise it by
    merge_key   TEXT    NOT NULL,
    received_at REAL    NOT NULL,                  -- unix time, our clock
    merged_into INTEGER REFERENCES event (id),     -- the same ring, told twice: kept, not delivered
    repeats     INTEGER NOT NULL DEFAULT 0         -- how many more times exactly this event came
);
CREATE UNIQUE INDEX event_dedup ON event (exchange, dedup_key) WHERE dedup_key <> '';
CREATE INDEX event_merge ON event (exchange, merge_key, received_at) WHERE merge_key <> '' AND merged_into IS NULL;
CREATE INDEX event_call ON event (exchange, call_id);
CREATE INDEX event_received ON event (received_at);

CREATE TABLE lane (
    id           INTEGER PRIMARY KEY,
    infobase     TEXT    NOT NULL,
    exchange     TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    waiting      INTEGER NOT NULL,           -- deliveries in state 'queued'
    due_at       REAL    NOT NULL,           -- when its head may be attempted
    urgent_until REAL    NOT NULL DEFAULT 0, -- until then it holds a live popup
    postponed    INTEGER NOT NULL DEFAULT 0, -- 1: due later because 1C was away, not because of the event
    UNIQUE (infobase, exchange, call_id)
);
CREATE INDEX lane_due ON lane (infobase, due_at) WHERE waiting > 0;
CREATE INDEX lane_urgent ON lane (infobase, urgent_until) WHERE waiting > 0 AND urgent_until > 0;

CREATE TABLE delivery (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    lane_id       INTEGER NOT NULL REFERENCES lane (id),
    event_id      INTEGER NOT NULL REFERENCES event (id),
    infobase      TEXT    NOT NULL,
    operation     TEXT    NOT NULL,
    purpose       TEXT    NOT NULL, -- popup | journal
    state         TEXT    NOT NULL, -- queued | delivered | expired | superseded | dead
    position_time INTEGER NOT NULL, -- the order in the lane: time, rank, arrival (id)
    position_rank INTEGER NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0, -- attempts that count against the limit
    attempts      INTEGER NOT NULL DEFAULT 0, -- all attempts
    last_answer   TEXT    NOT NULL DEFAULT '',
    created_at    REAL    NOT NULL,
    expires_at    REAL    NOT NULL,
    done_at       REAL
);
CREATE INDEX delivery_head ON delivery (lane_id, position_time, position_rank, id) WHERE state = 'queued';
CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE state = 'queued';
CREATE INDEX delivery_event ON delivery (event_id);
CREATE INDEX delivery_final ON delivery (lane_id) WHERE state = 'delivered' AND position_rank >= 4;
CREATE INDEX delivery_trouble ON delivery (state, id) WHERE state IN ('dead', 'expired');

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    at          REAL    NOT NULL,
    verdict     TEXT    NOT NULL, -- done | retry | gave_up | replayed
    answer      TEXT    NOT NULL
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

CREATE TABLE dial (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    infobase   TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    number     TEXT NOT NULL,
    begun_at   REAL NOT NULL,
    ended_at   REAL,
    status     TEXT NOT NULL DEFAULT '',
    message    TEXT NOT NULL DEFAULT '',
    code       INTEGER NOT NULL DEFAULT 0,
    call_id    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX dial_recent ON dial (infobase, subscriber, number, begun_at);

CREATE TABLE pulse ( -- one row, written to prove that the file takes writes
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at REAL    NOT NULL
);
INSERT INTO pulse (id, at) VALUES (1, 0);
