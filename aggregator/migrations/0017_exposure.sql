-- Places that experiences fill.
CREATE TABLE placement (
    space_id TEXT NOT NULL REFERENCES space (id),
    placement_key TEXT NOT NULL,
    -- The placement, JSON.
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, placement_key)
);

-- Each change makes the next version. An archived experience never changes again.
ALTER TABLE experience ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE experience ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE experience ADD COLUMN archived_at BIGINT;
UPDATE experience SET updated_at = created_at;

-- People per million who see the default everywhere.
ALTER TABLE space ADD COLUMN experience_holdout BIGINT NOT NULL DEFAULT 0;

-- What people were shown: which arms, and when. Kept per anchor and scope like every other fact.
CREATE TABLE exposure (
    space_id TEXT NOT NULL,
    -- An experience's id, or `space_holdout`.
    experience_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- JSON.
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, experience_id, anchor, scope)
);
CREATE INDEX exposure_of_anchor ON exposure (space_id, anchor);
