CREATE TABLE audience (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- `building` until every profile was evaluated once, then `ready`.
    status TEXT NOT NULL,
    backfill_cursor TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audience_of_space ON audience (space_id, id);

CREATE TABLE audience_member (
    space_id TEXT NOT NULL,
    audience_id TEXT NOT NULL REFERENCES audience (id),
    profile_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (space_id, audience_id, profile_id)
);
CREATE INDEX audience_member_of_profile ON audience_member (space_id, profile_id);

-- When a profile's memberships can next change although nothing happens.
CREATE TABLE profile_due (
    space_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    change_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, profile_id)
);
CREATE INDEX profile_due_by_time ON profile_due (change_at);
