CREATE TABLE experience (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    -- The experience as the edge reads it, JSON.
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX experience_of_space ON experience (space_id, id);
