-- Who the data belongs to, and the keys to it. One text serves SQLite and Postgres: only TEXT, BIGINT
-- and DOUBLE PRECISION; times are microseconds since 1970, JSON is text, booleans are 0 and 1.
CREATE TABLE workspace (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE space (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    consent_policy TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE source (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    write_key TEXT NOT NULL UNIQUE,
    consent_basis TEXT NOT NULL,
    allowed_origins TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Only the SHA-256 of a token is kept.
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Settings of this installation, such as the secret shared with its edges.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Answers to writes that came with an Idempotency-Key.
CREATE TABLE idempotency (
    space_id TEXT NOT NULL REFERENCES space (id),
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, idempotency_key)
);
