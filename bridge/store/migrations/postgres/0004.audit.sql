-- depends: 0003.dialling

-- Who did what with the bridge, and by which secret and from where its exchanges come.

CREATE TABLE audit (
    id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at    DOUBLE PRECISION NOT NULL,
    who   TEXT    NOT NULL, -- the user of the operating system
    did   TEXT    NOT NULL, -- a word of store.audit.Deed
    about TEXT    NOT NULL DEFAULT '', -- what was chosen; no numbers of people, no secrets
    count BIGINT            -- how many it concerned; NULL: it was not finished
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE passage ( -- the last time that an exchange came so
    exchange TEXT NOT NULL,
    way      TEXT NOT NULL, -- current | old: by which secret; outside: from a network that is not its own
    proof    TEXT NOT NULL, -- the beginning of the secret's hash; '' for outside
    peer     TEXT NOT NULL, -- the address that came
    at       DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (exchange, way)
);
