-- depends: 0003.callers

-- How often is dialled, and who may not dial at all.

CREATE INDEX dial_begun ON dial (infobase, begun_at);

CREATE TABLE dial_stop (
    infobase TEXT PRIMARY KEY, -- '': all of them
    at       REAL NOT NULL,
    why      TEXT NOT NULL
);
