-- What people said of consent, in the order in which the server heard it: append-only, each entry chained to the last of
-- its identifier. It stays when what rested on a withdrawn consent goes.
CREATE TABLE consent_entry (
    space_id TEXT NOT NULL,
    -- An identifier that the statement or the event names, `kind:value`.
    anchor TEXT NOT NULL,
    -- Counts up from 1 without holes.
    seq BIGINT NOT NULL,
    -- JSON, with the hash of the entry before it.
    body TEXT NOT NULL,
    -- SHA-256 of the body, in hexadecimal digits.
    hash TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, seq)
);
