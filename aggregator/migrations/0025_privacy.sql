-- What people ask for of what is held of them.
CREATE TABLE privacy_request (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL REFERENCES space (id),
    -- `access`, `portability`, `erasure`, `rectification` or `restriction`.
    kind TEXT NOT NULL,
    -- `received`, `verified`, `running`, `done`, `refused` or `cancelled`.
    state TEXT NOT NULL,
    -- The identifier that was named, `kind:value`; '' once it is erased.
    subject TEXT NOT NULL,
    -- Its HMAC-SHA256 in hexadecimal digits.
    subject_hash TEXT NOT NULL,
    -- `gdpr` or `ccpa`.
    regime TEXT NOT NULL,
    note TEXT NOT NULL,
    -- How the requester's identity was checked, JSON; '' until then.
    verification TEXT NOT NULL,
    -- Of a rectification: traits with what they are to be, JSON.
    changes TEXT NOT NULL,
    -- What an erasure works with, JSON; '' before and afterwards.
    work TEXT NOT NULL,
    -- Store by store, JSON.
    progress TEXT NOT NULL,
    -- Why it was refused or extended.
    reason TEXT NOT NULL,
    -- JSON; '' until it is done.
    receipt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    extended BIGINT NOT NULL,
    -- 0 until then.
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL
);
CREATE INDEX privacy_request_of_space ON privacy_request (space_id, id);
CREATE INDEX privacy_request_by_state ON privacy_request (state, id);

-- Identifiers that were erased and are not taken in again: only their HMAC-SHA256.
CREATE TABLE privacy_suppression (
    space_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- 1 where others use it as well: then only events that name nobody else are refused.
    shared BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    -- Events that were refused because of it.
    refused BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, hash)
);

-- Whose data is kept and not used.
CREATE TABLE privacy_restriction (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    request_id TEXT NOT NULL,
    PRIMARY KEY (space_id, identifier)
);

-- For how many days events are kept.
CREATE TABLE privacy_retention (
    space_id TEXT NOT NULL,
    -- `track`, `page`, …; '' for every type.
    event_type TEXT NOT NULL,
    -- '' for every name.
    event TEXT NOT NULL,
    days BIGINT NOT NULL,
    PRIMARY KEY (space_id, event_type, event)
);

-- What retention has deleted.
CREATE TABLE privacy_retention_run (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL,
    -- `running` or `done`.
    state TEXT NOT NULL,
    -- The last event that was looked at, and the last that is to be.
    position BIGINT NOT NULL,
    until BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL
);
CREATE INDEX privacy_retention_run_of_space ON privacy_retention_run (space_id, id);
