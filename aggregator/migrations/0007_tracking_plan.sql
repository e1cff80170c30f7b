-- What a space expects of its events. A published version never changes; a space has one draft at most.
CREATE TABLE tracking_plan (
    space_id TEXT NOT NULL REFERENCES space (id),
    version BIGINT NOT NULL,
    -- The plan as people write it, JSON.
    body TEXT NOT NULL,
    -- The version that this one brought back; NULL when a draft was published.
    from_version BIGINT,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, version)
);

CREATE TABLE tracking_plan_draft (
    space_id TEXT PRIMARY KEY REFERENCES space (id),
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A kind of violation: the same event breaks the same rule at the same place of one version.
CREATE TABLE violation (
    space_id TEXT NOT NULL,
    -- A digest of the columns from plan_version to action.
    id TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- '' without a name.
    event TEXT NOT NULL,
    -- Without what differs from event to event: properties.products[*].price
    path TEXT NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    expected TEXT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (space_id, id)
);

-- How often, by the hour.
CREATE TABLE violation_count (
    space_id TEXT NOT NULL,
    id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (space_id, id, hour)
);

-- The youngest few events of each kind: where the violation was and what kind of value was there, never the value.
CREATE TABLE violation_sample (
    space_id TEXT NOT NULL,
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    path TEXT NOT NULL,
    found TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, id, message_id)
);
