-- The event log is the truth: everything after this file can be derived from it.
CREATE TABLE event (
    offset_id BIGINT PRIMARY KEY,
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The name that audiences and computed traits match.
    name TEXT,
    -- The identifier the event belongs to, `kind:value`.
    anchor TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- The tab's own number puts events of the same millisecond in order; '' and 0 without one.
    tab TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (space_id, message_id)
);
CREATE INDEX event_of_anchor ON event (space_id, anchor, timestamp);

-- Messages that were refused and kept whole.
CREATE TABLE quarantine (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (space_id, source_id, message_id)
);
CREATE INDEX quarantine_by_time ON quarantine (space_id, received_at, id);

-- One row for every number that a tab gave out and that has come to an end.
CREATE TABLE ledger_entry (
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    seq BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    message_id TEXT,
    PRIMARY KEY (space_id, source_id, tab, seq)
);

-- How far each tab has counted.
CREATE TABLE ledger_tab (
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    PRIMARY KEY (space_id, source_id, tab)
);

-- How far each consumer of the log has come; committed together with its effects.
CREATE TABLE consumer_position (
    consumer TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);
