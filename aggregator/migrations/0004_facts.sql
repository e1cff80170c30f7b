-- What is known of people. Everything is kept per anchor and read as the merge over a profile's
-- identifiers, so that a merge of profiles moves nothing.
CREATE TABLE trait_value (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    trait_key TEXT NOT NULL,
    -- JSON; `null` says that the trait was removed.
    value TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, trait_key)
);

-- The choice per purpose that the anchor's events last carried, JSON.
CREATE TABLE consent_state (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor)
);

CREATE TABLE computed_trait (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    trait_key TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- `building` until the events before its creation are counted, then `ready`.
    status TEXT NOT NULL,
    backfill_position BIGINT NOT NULL,
    backfill_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (space_id, trait_key)
);

CREATE TABLE computed_value (
    space_id TEXT NOT NULL,
    definition_id TEXT NOT NULL REFERENCES computed_trait (id),
    anchor TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, definition_id, anchor)
);
CREATE INDEX computed_value_of_anchor ON computed_value (space_id, anchor);
