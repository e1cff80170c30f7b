-- What matching says of records that share no identifier, strongest first. What was decided of a pair is among the
-- decisions (identity_constraint), so that undoing one opens the suggestion again.
CREATE TABLE identity_suggestion (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    -- Identifiers in the order of their texts.
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    -- Thousandths of a bit for being one person.
    weight BIGINT NOT NULL,
    -- Field by field, JSON.
    waterfall TEXT NOT NULL,
    run_id TEXT NOT NULL,
    UNIQUE (space_id, a, b)
);
CREATE INDEX identity_suggestion_of_b ON identity_suggestion (space_id, b);
CREATE INDEX identity_suggestion_by_weight ON identity_suggestion (space_id, weight, id);

-- The matchings of a space.
CREATE TABLE identity_matching (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    -- `running`, `done`, `refused` or `failed`.
    status TEXT NOT NULL,
    -- Why it was refused or failed.
    reason TEXT NOT NULL,
    -- The least probability of a suggestion, in thousandths.
    threshold BIGINT NOT NULL,
    records BIGINT NOT NULL,
    compared BIGINT NOT NULL,
    suggestions BIGINT NOT NULL,
    -- The model that was learned, JSON; '' without one.
    model TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    -- 0 until then.
    ended_at BIGINT NOT NULL
);
CREATE INDEX identity_matching_of_space ON identity_matching (space_id, id);
