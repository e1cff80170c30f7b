-- Rules by which stored events name others than before: they come into force when every event has been read by them.
CREATE TABLE identity_reading (
    space_id TEXT PRIMARY KEY REFERENCES space (id),
    version BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL,
    -- The last event that has been read.
    position BIGINT NOT NULL
);

-- Events that name others by such rules, and whose they then are; '' for nobody's.
CREATE TABLE identity_read (
    space_id TEXT NOT NULL,
    offset_id BIGINT NOT NULL,
    anchor TEXT NOT NULL,
    PRIMARY KEY (space_id, offset_id)
);

-- Identifiers that no event names by the rules in force any more: what was kept of them has to go, and whoever had them
-- is looked at again.
CREATE TABLE identity_gone (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    -- Whose its events are now; '' if it had none.
    heir TEXT NOT NULL,
    PRIMARY KEY (space_id, identifier)
);
