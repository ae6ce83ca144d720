-- The outbox in PostgreSQL: the same words as in SQLite (migrations/sqlite), with types and the leases.

CREATE TABLE event (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- 1C deduplicates by it
    exchange    TEXT    NOT NULL,
    call_id     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    direction   TEXT    NOT NULL,
    from_number TEXT    NOT NULL,
    to_number   TEXT    NOT NULL,
    user_key    TEXT    NOT NULL,
    time_s      BIGINT,                            -- the exchange's own clock; NULL when it said none
    raw         BYTEA   NOT NULL,                  -- exactly what came
    raw_media   TEXT    NOT NULL,
    fields      TEXT    NOT NULL,                  -- the exchange's JSON object as it was read
    dedup_key   TEXT    NOT NULL,                  -- '' when the exchange gives nothing to recognise it by
    merge_key   TEXT    NOT NULL,
    recovered   INTEGER NOT NULL DEFAULT 0,        -- 1: from the exchange's journal, not its hook
    received_at DOUBLE PRECISION NOT NULL,         -- unix time, the database's clock
    merged_into BIGINT REFERENCES event (id),      -- the same ring, told twice: kept, not delivered
    repeats     INTEGER NOT NULL DEFAULT 0         -- how many more times exactly this event came
);
CREATE UNIQUE INDEX event_dedup ON event (exchange, dedup_key) WHERE dedup_key <> '';
CREATE INDEX event_merge ON event (exchange, merge_key, received_at) WHERE merge_key <> '' AND merged_into IS NULL;
CREATE INDEX event_call ON event (exchange, call_id);
CREATE INDEX event_received ON event (received_at);
CREATE INDEX event_time ON event (exchange, time_s) WHERE time_s IS NOT NULL;
CREATE INDEX event_merged ON event (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE lane (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    infobase     TEXT    NOT NULL,
    exchange     TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    waiting      INTEGER NOT NULL,                    -- deliveries in state 'queued'
    due_at       DOUBLE PRECISION NOT NULL,           -- when its head may be attempted
    urgent_until DOUBLE PRECISION NOT NULL DEFAULT 0, -- until then it holds a live popup
    postponed    INTEGER NOT NULL DEFAULT 0,          -- 1: due later because 1C was away, not because of the event
    UNIQUE (infobase, exchange, call_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX lane_due ON lane (infobase, due_at) WHERE waiting > 0;
CREATE INDEX lane_urgent ON lane (infobase, urgent_until) WHERE waiting > 0;

CREATE TABLE delivery (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane_id       BIGINT  NOT NULL REFERENCES lane (id),
    event_id      BIGINT  NOT NULL REFERENCES event (id),
    infobase      TEXT    NOT NULL,
    operation     TEXT    NOT NULL,
    purpose       TEXT    NOT NULL, -- popup | journal
    state         TEXT    NOT NULL, -- queued | delivered | expired | superseded | dead
    position_time BIGINT  NOT NULL, -- the order in the lane: time, rank, arrival (id)
    position_rank INTEGER NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0, -- attempts that count against the limit
    attempts      INTEGER NOT NULL DEFAULT 0, -- all attempts
    last_answer   TEXT    NOT NULL DEFAULT '',
    created_at    DOUBLE PRECISION NOT NULL,
    expires_at    DOUBLE PRECISION NOT NULL,
    done_at       DOUBLE PRECISION,
    mail_seq      BIGINT            -- its number in the infobase's mailbox; NULL: 1C is called
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX delivery_head ON delivery (lane_id, position_time, position_rank, id) WHERE state = 'queued';
CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE state = 'queued';
CREATE INDEX delivery_event ON delivery (event_id);
CREATE INDEX delivery_final ON delivery (lane_id) WHERE state = 'delivered' AND position_rank >= 4;
CREATE INDEX delivery_trouble ON delivery (state, id) WHERE state IN ('dead', 'expired');
CREATE INDEX delivery_lane ON delivery (lane_id);
CREATE UNIQUE INDEX delivery_mail ON delivery (infobase, mail_seq) WHERE mail_seq IS NOT NULL;
CREATE INDEX delivery_mail_waiting ON delivery (infobase, mail_seq)
    WHERE state = 'queued' AND mail_seq IS NOT NULL;

CREATE TABLE attempt (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id BIGINT NOT NULL REFERENCES delivery (id),
    at          DOUBLE PRECISION NOT NULL,
    verdict     TEXT   NOT NULL, -- done | retry | gave_up | replayed
    answer      TEXT   NOT NULL
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

CREATE TABLE mailbox (
    infobase TEXT   PRIMARY KEY,
    tail     BIGINT NOT NULL -- the last number given
) WITH (fillfactor = 50);

CREATE TABLE mail_cursor (
    infobase  TEXT   NOT NULL,
    reader    TEXT   NOT NULL, -- a subscriber; '' collects for all
    after_id  BIGINT NOT NULL, -- everything up to it is acknowledged
    polled_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (infobase, reader)
) WITH (fillfactor = 50);

CREATE TABLE dial (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    infobase   TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    number     TEXT NOT NULL,
    begun_at   DOUBLE PRECISION NOT NULL,
    ended_at   DOUBLE PRECISION,
    status     TEXT NOT NULL DEFAULT '',
    message    TEXT NOT NULL DEFAULT '',
    code       INTEGER NOT NULL DEFAULT 0,
    call_id    TEXT NOT NULL DEFAULT '',
    owner      TEXT NOT NULL DEFAULT '' -- the process that asks the exchange
);
CREATE INDEX dial_recent ON dial (infobase, subscriber, number, begun_at);
CREATE INDEX dial_open ON dial (id) WHERE status = '';

CREATE TABLE reconciliation (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exchange    TEXT    NOT NULL,
    day         TEXT    NOT NULL, -- YYYY-MM-DD of the exchange's time zone
    at          DOUBLE PRECISION NOT NULL,
    in_exchange INTEGER NOT NULL, -- calls in the exchange's journal
    known       INTEGER NOT NULL, -- of them already here
    added       INTEGER NOT NULL, -- of them added by this run
    problem     TEXT    NOT NULL DEFAULT '' -- why it could not be done; '' when it was
);
CREATE INDEX reconciliation_latest ON reconciliation (exchange, id);

CREATE TABLE post ( -- who may tell an infobase (or do another thing that only one process does)
    name        TEXT        PRIMARY KEY,
    owner       TEXT        NOT NULL,
    epoch       BIGINT      NOT NULL, -- grows with each new owner: what an old one writes is refused
    lease_until TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE pulse ( -- one row, written to prove that the database takes writes
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at DOUBLE PRECISION NOT NULL
);
INSERT INTO pulse (id, at) VALUES (1, 0);
