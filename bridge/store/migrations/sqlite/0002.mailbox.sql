-- depends: 0001.outbox

-- The mailbox of infobases that collect their events, and what reconciliation adds and reports.

ALTER TABLE event ADD COLUMN recovered INTEGER NOT NULL DEFAULT 0; -- 1: from the exchange's journal, not its hook

CREATE INDEX event_time ON event (exchange, time_s) WHERE time_s IS NOT NULL;
CREATE INDEX event_merged ON event (merged_into) WHERE merged_into IS NOT NULL;

ALTER TABLE dial ADD COLUMN owner TEXT NOT NULL DEFAULT ''; -- the process that asks the exchange

ALTER TABLE delivery ADD COLUMN mail_seq INTEGER; -- its number in the infobase's mailbox; NULL: 1C is called
CREATE INDEX delivery_lane ON delivery (lane_id);
CREATE UNIQUE INDEX delivery_mail ON delivery (infobase, mail_seq) WHERE mail_seq IS NOT NULL;
CREATE INDEX delivery_mail_waiting ON delivery (infobase, mail_seq)
    WHERE state = 'queued' AND mail_seq IS NOT NULL;

CREATE TABLE mailbox (
    infobase TEXT PRIMARY KEY,
    tail     INTEGER NOT NULL -- the last number given
);

CREATE TABLE mail_cursor (
    infobase  TEXT    NOT NULL,
    reader    TEXT    NOT NULL, -- a subscriber; '' collects for all
    after_id  INTEGER NOT NULL, -- everything up to it is acknowledged
    polled_at REAL    NOT NULL,
    PRIMARY KEY (infobase, reader)
);

CREATE TABLE reconciliation (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange    TEXT    NOT NULL,
    day         TEXT    NOT NULL, -- YYYY-MM-DD of the exchange's time zone
    at          REAL    NOT NULL,
    in_exchange INTEGER NOT NULL, -- calls in the exchange's journal
    known       INTEGER NOT NULL, -- of them already here
    added       INTEGER NOT NULL, -- of them added by this run
    problem     TEXT    NOT NULL DEFAULT '' -- why it could not be done; '' when it was
);
CREATE INDEX reconciliation_latest ON reconciliation (exchange, id);
