-- Who may come in: members with their sessions and links, what is told of tokens, and the log of what everybody did.
CREATE TABLE member (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT
);

-- Links to set up, to join and to a new password: only the digest of a link's secret is kept.
CREATE TABLE member_link (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

-- Of a session, too, only the digest of its secret. It acts as a member, or as a token.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    member_id TEXT,
    token_id TEXT,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE INDEX session_of_member ON session (member_id);
CREATE INDEX session_of_token ON session (token_id);

ALTER TABLE token ADD COLUMN prefix TEXT;
ALTER TABLE token ADD COLUMN created_by TEXT;
ALTER TABLE token ADD COLUMN last_used_at BIGINT;
ALTER TABLE token ADD COLUMN ends_at BIGINT;

-- What was done and looked at. Rows are only ever added; each holds the digest of the one before.
CREATE TABLE audit_entry (
    number BIGINT PRIMARY KEY,
    space_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    operation TEXT NOT NULL,
    about TEXT NOT NULL,
    person TEXT NOT NULL,
    status BIGINT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX audit_entry_of_space ON audit_entry (space_id, number);
CREATE INDEX audit_entry_of_actor ON audit_entry (space_id, actor_id, number);
CREATE INDEX audit_entry_of_person ON audit_entry (space_id, person, number);

-- Where the chain ends, so that taking the last entries away shows, too.
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');
