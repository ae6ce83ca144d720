-- depends: 0001.outbox

-- Who is calling as 1C said it, records that were kept, and who listened to which.

CREATE TABLE caller (
    infobase TEXT    NOT NULL,
    who      TEXT    NOT NULL,           -- the last ten digits of a number, or 'inn:' and a taxpayer's number
    title    TEXT    NOT NULL DEFAULT '', -- all three empty: 1C does not know it
    category TEXT    NOT NULL DEFAULT '',
    manager  TEXT    NOT NULL DEFAULT '',
    told_at  DOUBLE PRECISION NOT NULL,            -- when 1C said so
    asked_at DOUBLE PRECISION NOT NULL,            -- when the exchange last asked
    times    INTEGER NOT NULL DEFAULT 1, -- how often it asked
    PRIMARY KEY (infobase, who)
);
CREATE INDEX caller_told ON caller (infobase, told_at);
CREATE INDEX caller_asked ON caller (asked_at);

CREATE TABLE record ( -- a recording that is to be copied before the exchange deletes it
    exchange TEXT    NOT NULL,
    call_id  TEXT    NOT NULL,
    address  TEXT    NOT NULL,           -- where the exchange has it, without the account's token
    due_at   DOUBLE PRECISION NOT NULL,            -- when to fetch it; not once it is kept or given up
    tries    INTEGER NOT NULL DEFAULT 0,
    problem  TEXT    NOT NULL DEFAULT '', -- why the last try failed
    file     TEXT    NOT NULL DEFAULT '', -- its name in records_dir; '' while there is none
    media    TEXT    NOT NULL DEFAULT '',
    size     BIGINT NOT NULL DEFAULT 0,   -- bytes
    kept_at  DOUBLE PRECISION,
    PRIMARY KEY (exchange, call_id)
);
CREATE INDEX record_due ON record (due_at) WHERE file = '';
CREATE INDEX record_kept ON record (kept_at) WHERE kept_at IS NOT NULL;

CREATE TABLE listening ( -- who listened to which record
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       DOUBLE PRECISION NOT NULL,
    infobase TEXT    NOT NULL,           -- whose link it was
    exchange TEXT    NOT NULL,
    call_id  TEXT    NOT NULL,
    peer     TEXT    NOT NULL,           -- the address that asked
    status   INTEGER NOT NULL,           -- the HTTP status of the answer
    sent     BIGINT NOT NULL              -- bytes of the recording
);
CREATE INDEX listening_call ON listening (exchange, call_id);
CREATE INDEX listening_at ON listening (at);
