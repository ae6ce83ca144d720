-- depends: 0004.audit

-- The console: who may enter, and by which ways people look for calls and for what is stuck.

CREATE TABLE console_user (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL, -- operator | viewer
    password   TEXT NOT NULL, -- its hash
    created_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE console_session (
    token_hash TEXT PRIMARY KEY, -- of the cookie
    name       TEXT NOT NULL REFERENCES console_user (name) ON DELETE CASCADE,
    expires_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX console_session_of ON console_session (name);

CREATE TABLE console_code ( -- lets its holder make the first user
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    code_hash  TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL
);

-- a number by its last ten digits, however it begins
CREATE INDEX event_from ON event (substr(from_number, length(from_number) - 9), id);
CREATE INDEX event_to ON event (substr(to_number, length(to_number) - 9), id);
CREATE INDEX event_user ON event (user_key, id) WHERE user_key <> '';
CREATE INDEX delivery_waiting ON delivery (infobase, id) WHERE state = 'queued';
CREATE INDEX delivery_dead ON delivery (infobase, id) WHERE state = 'dead';
CREATE INDEX delivery_expired ON delivery (infobase, id) WHERE state = 'expired';
