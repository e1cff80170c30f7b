-- The identity rules of a space in versions; without one the default rules hold. A published version never changes.
CREATE TABLE identity_rules (
    space_id TEXT NOT NULL REFERENCES space (id),
    version BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, version)
);

-- Why an identifier was seen with too many others to name anybody, JSON; '' where it was not.
ALTER TABLE identity_node ADD COLUMN crowded TEXT NOT NULL DEFAULT '';
-- How many events carried both.
ALTER TABLE identity_edge ADD COLUMN events BIGINT NOT NULL DEFAULT 1;
-- The reason in a word.
ALTER TABLE identity_blocked ADD COLUMN code TEXT NOT NULL DEFAULT 'limit';
CREATE INDEX identity_blocked_of_b ON identity_blocked (space_id, b);
CREATE INDEX identity_blocked_of_code ON identity_blocked (space_id, code, a, b);

-- What somebody decided of who is who.
CREATE TABLE identity_decision (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    -- `unmerge`, `merge` or `keep_apart`.
    kind TEXT NOT NULL,
    -- The pairs, JSON.
    pairs TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    -- 0 as long as it holds.
    undone_at BIGINT NOT NULL
);
CREATE INDEX identity_decision_of_space ON identity_decision (space_id, id);

-- The pairs of decisions that hold.
CREATE TABLE identity_constraint (
    space_id TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    -- `cut`, `must_link` or `cannot_link`.
    decision TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    PRIMARY KEY (space_id, a, b, decision_id)
);
CREATE INDEX identity_constraint_of_b ON identity_constraint (space_id, b);
CREATE INDEX identity_constraint_of_decision ON identity_constraint (decision_id);

-- Identifiers whose components have to be resolved again, in the background.
CREATE TABLE identity_again (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (space_id, identifier)
);
-- The default rules are other ones now.
INSERT INTO identity_again (space_id, identifier) SELECT space_id, MIN(identifier) FROM identity_node GROUP BY space_id, component;
