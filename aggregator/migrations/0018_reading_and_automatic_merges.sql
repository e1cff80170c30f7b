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

-- 1 where matching decided, and not a person.
ALTER TABLE identity_decision ADD COLUMN automatic BIGINT NOT NULL DEFAULT 0;
CREATE INDEX identity_decision_automatic ON identity_decision (space_id, automatic, id);

-- Spaces in which matching merges by itself, and how sure it has to be: thousandths of right pairs.
CREATE TABLE identity_automatic (
    space_id TEXT PRIMARY KEY REFERENCES space (id),
    share BIGINT NOT NULL
);

-- Which model weighed a pair, and what a matching merged by itself, JSON; '' where it merges nothing.
ALTER TABLE identity_suggestion ADD COLUMN model_version TEXT NOT NULL DEFAULT '';
ALTER TABLE identity_matching ADD COLUMN model_version TEXT NOT NULL DEFAULT '';
ALTER TABLE identity_matching ADD COLUMN automatic TEXT NOT NULL DEFAULT '';
