-- depends: 0005.console

-- Passwords of infobases that were issued while the bridge ran, and those of the settings file that were
-- used or revoked.

CREATE TABLE infobase_token (
    infobase   TEXT NOT NULL,
    proof      TEXT NOT NULL, -- its hash, sha256: and hexadecimal digits
    label      TEXT NOT NULL DEFAULT '',
    issued_by  TEXT NOT NULL DEFAULT '',
    issued_at  DOUBLE PRECISION, -- NULL: it is of the settings file
    used_at    DOUBLE PRECISION, -- to the minute
    revoked_by TEXT NOT NULL DEFAULT '',
    revoked_at DOUBLE PRECISION,
    PRIMARY KEY (infobase, proof)
);
