-- SQLite keeps a table's rows in the order in which they came and its primary key as an index beside them, unless it is told that
-- the rows are to lie in the order of the key. Where everything is found by its key, that is one tree to read and to write instead
-- of two, and the key is kept once. The event's number is SQLite's own number of a row (INTEGER, which BIGINT is not to it).
-- PostgreSQL has no such choice and keeps its tables as they are.

CREATE TABLE event_clustered (
    offset_id INTEGER PRIMARY KEY,
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    anchor TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    tab TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (space_id, message_id)
);
INSERT INTO event_clustered (offset_id, space_id, source_id, message_id, kind, name, anchor, timestamp, received_at, tab, seq, body) SELECT offset_id, space_id, source_id, message_id, kind, name, anchor, timestamp, received_at, tab, seq, body FROM event ORDER BY offset_id;
DROP TABLE event;
ALTER TABLE event_clustered RENAME TO event;
CREATE INDEX event_of_anchor ON event (space_id, anchor, timestamp);

CREATE TABLE ledger_entry_clustered (
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    seq BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    message_id TEXT,
    settled_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space_id, source_id, tab, seq)
) WITHOUT ROWID;
INSERT INTO ledger_entry_clustered (space_id, source_id, tab, seq, outcome, reason, message_id, settled_at) SELECT space_id, source_id, tab, seq, outcome, reason, message_id, settled_at FROM ledger_entry ORDER BY space_id, source_id, tab, seq;
DROP TABLE ledger_entry;
ALTER TABLE ledger_entry_clustered RENAME TO ledger_entry;

CREATE TABLE ledger_tab_clustered (
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    tab TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    heard_at BIGINT NOT NULL DEFAULT 0,
    settled BIGINT NOT NULL DEFAULT 0,
    is_open BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space_id, source_id, tab)
) WITHOUT ROWID;
INSERT INTO ledger_tab_clustered (space_id, source_id, tab, next_seq, heard_at, settled, is_open) SELECT space_id, source_id, tab, next_seq, heard_at, settled, is_open FROM ledger_tab ORDER BY space_id, source_id, tab;
DROP TABLE ledger_tab;
ALTER TABLE ledger_tab_clustered RENAME TO ledger_tab;
CREATE INDEX ledger_tab_open ON ledger_tab (is_open, space_id, source_id, tab) WHERE is_open = 1;

CREATE TABLE identity_node_clustered (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    component BIGINT NOT NULL,
    profile_id TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    person_id TEXT NOT NULL DEFAULT '',
    crowded TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (space_id, identifier)
) WITHOUT ROWID;
INSERT INTO identity_node_clustered (space_id, identifier, component, profile_id, first_seen, person_id, crowded) SELECT space_id, identifier, component, profile_id, first_seen, person_id, crowded FROM identity_node ORDER BY space_id, identifier;
DROP TABLE identity_node;
ALTER TABLE identity_node_clustered RENAME TO identity_node;
CREATE INDEX identity_node_of_component ON identity_node (space_id, component);
CREATE INDEX identity_node_of_person ON identity_node (space_id, person_id);
CREATE INDEX identity_node_of_profile ON identity_node (space_id, profile_id);

CREATE TABLE identity_edge_clustered (
    space_id TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    first_event TEXT NOT NULL,
    source_id TEXT NOT NULL,
    events BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (space_id, a, b)
) WITHOUT ROWID;
INSERT INTO identity_edge_clustered (space_id, a, b, first_seen, last_seen, first_event, source_id, events) SELECT space_id, a, b, first_seen, last_seen, first_event, source_id, events FROM identity_edge ORDER BY space_id, a, b;
DROP TABLE identity_edge;
ALTER TABLE identity_edge_clustered RENAME TO identity_edge;
CREATE INDEX identity_edge_of_b ON identity_edge (space_id, b);

CREATE TABLE identity_link_clustered (
    space_id TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (space_id, a, b, scope)
) WITHOUT ROWID;
INSERT INTO identity_link_clustered (space_id, a, b, scope) SELECT space_id, a, b, scope FROM identity_link ORDER BY space_id, a, b, scope;
DROP TABLE identity_link;
ALTER TABLE identity_link_clustered RENAME TO identity_link;
CREATE INDEX identity_link_of_b ON identity_link (space_id, b);

CREATE TABLE identity_blocked_clustered (
    space_id TEXT NOT NULL,
    component BIGINT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    reason TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT 'limit',
    PRIMARY KEY (space_id, a, b)
) WITHOUT ROWID;
INSERT INTO identity_blocked_clustered (space_id, component, a, b, reason, code) SELECT space_id, component, a, b, reason, code FROM identity_blocked ORDER BY space_id, a, b;
DROP TABLE identity_blocked;
ALTER TABLE identity_blocked_clustered RENAME TO identity_blocked;
CREATE INDEX identity_blocked_of_b ON identity_blocked (space_id, b);
CREATE INDEX identity_blocked_of_code ON identity_blocked (space_id, code, a, b);
CREATE INDEX identity_blocked_of_component ON identity_blocked (space_id, component);

CREATE TABLE profile_seed_clustered (
    space_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (space_id, profile_id)
) WITHOUT ROWID;
INSERT INTO profile_seed_clustered (space_id, profile_id, identifier) SELECT space_id, profile_id, identifier FROM profile_seed ORDER BY space_id, profile_id;
DROP TABLE profile_seed;
ALTER TABLE profile_seed_clustered RENAME TO profile_seed;
CREATE INDEX profile_seed_of_identifier ON profile_seed (space_id, identifier);

CREATE TABLE trait_value_clustered (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    trait_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, trait_key, scope)
) WITHOUT ROWID;
INSERT INTO trait_value_clustered (space_id, anchor, trait_key, scope, value, timestamp, message_id) SELECT space_id, anchor, trait_key, scope, value, timestamp, message_id FROM trait_value ORDER BY space_id, anchor, trait_key, scope;
DROP TABLE trait_value;
ALTER TABLE trait_value_clustered RENAME TO trait_value;

CREATE TABLE computed_value_clustered (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    definition_id TEXT NOT NULL REFERENCES computed_trait (id),
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, definition_id, scope)
) WITHOUT ROWID;
INSERT INTO computed_value_clustered (space_id, anchor, definition_id, scope, state) SELECT space_id, anchor, definition_id, scope, state FROM computed_value ORDER BY space_id, anchor, definition_id, scope;
DROP TABLE computed_value;
ALTER TABLE computed_value_clustered RENAME TO computed_value;

CREATE TABLE consent_state_clustered (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    state TEXT NOT NULL,
    folded TEXT NOT NULL DEFAULT '{}',
    refuses BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space_id, anchor)
) WITHOUT ROWID;
INSERT INTO consent_state_clustered (space_id, anchor, state, folded, refuses) SELECT space_id, anchor, state, folded, refuses FROM consent_state ORDER BY space_id, anchor;
DROP TABLE consent_state;
ALTER TABLE consent_state_clustered RENAME TO consent_state;
CREATE INDEX consent_state_refusing ON consent_state (refuses, space_id, anchor) WHERE refuses = 1;

CREATE TABLE consent_entry_clustered (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, seq)
) WITHOUT ROWID;
INSERT INTO consent_entry_clustered (space_id, anchor, seq, body, hash) SELECT space_id, anchor, seq, body, hash FROM consent_entry ORDER BY space_id, anchor, seq;
DROP TABLE consent_entry;
ALTER TABLE consent_entry_clustered RENAME TO consent_entry;

CREATE TABLE audience_member_clustered (
    space_id TEXT NOT NULL,
    audience_id TEXT NOT NULL REFERENCES audience (id),
    profile_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    scope TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (space_id, audience_id, profile_id)
) WITHOUT ROWID;
INSERT INTO audience_member_clustered (space_id, audience_id, profile_id, since, scope) SELECT space_id, audience_id, profile_id, since, scope FROM audience_member ORDER BY space_id, audience_id, profile_id;
DROP TABLE audience_member;
ALTER TABLE audience_member_clustered RENAME TO audience_member;
CREATE INDEX audience_member_of_profile ON audience_member (space_id, profile_id);

CREATE TABLE audience_change_clustered (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL,
    audience_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    happened_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO audience_change_clustered (id, space_id, audience_id, profile_id, kind, cause, happened_at) SELECT id, space_id, audience_id, profile_id, kind, cause, happened_at FROM audience_change ORDER BY id;
DROP TABLE audience_change;
ALTER TABLE audience_change_clustered RENAME TO audience_change;
CREATE INDEX audience_change_of_audience ON audience_change (space_id, audience_id, id);
CREATE INDEX audience_change_of_profile ON audience_change (space_id, profile_id, id);

CREATE TABLE profile_due_clustered (
    space_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    change_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, profile_id)
) WITHOUT ROWID;
INSERT INTO profile_due_clustered (space_id, profile_id, change_at) SELECT space_id, profile_id, change_at FROM profile_due ORDER BY space_id, profile_id;
DROP TABLE profile_due;
ALTER TABLE profile_due_clustered RENAME TO profile_due;
CREATE INDEX profile_due_by_time ON profile_due (change_at);

CREATE TABLE exposure_clustered (
    space_id TEXT NOT NULL,
    experience_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, experience_id, anchor, scope)
) WITHOUT ROWID;
INSERT INTO exposure_clustered (space_id, experience_id, anchor, scope, state) SELECT space_id, experience_id, anchor, scope, state FROM exposure ORDER BY space_id, experience_id, anchor, scope;
DROP TABLE exposure;
ALTER TABLE exposure_clustered RENAME TO exposure;
CREATE INDEX exposure_of_anchor ON exposure (space_id, anchor);

CREATE TABLE device_word_clustered (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    at BIGINT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (space_id, device, at, person)
) WITHOUT ROWID;
INSERT INTO device_word_clustered (space_id, device, at, person) SELECT space_id, device, at, person FROM device_word ORDER BY space_id, device, at, person;
DROP TABLE device_word;
ALTER TABLE device_word_clustered RENAME TO device_word;

CREATE TABLE device_person_clustered (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (space_id, device, person)
) WITHOUT ROWID;
INSERT INTO device_person_clustered (space_id, device, person) SELECT space_id, device, person FROM device_person ORDER BY space_id, device, person;
DROP TABLE device_person;
ALTER TABLE device_person_clustered RENAME TO device_person;

CREATE TABLE device_event_clustered (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    offset_id BIGINT NOT NULL,
    PRIMARY KEY (space_id, device, timestamp, offset_id)
) WITHOUT ROWID;
INSERT INTO device_event_clustered (space_id, device, timestamp, offset_id) SELECT space_id, device, timestamp, offset_id FROM device_event ORDER BY space_id, device, timestamp, offset_id;
DROP TABLE device_event;
ALTER TABLE device_event_clustered RENAME TO device_event;
CREATE INDEX device_event_of_offset ON device_event (space_id, offset_id);

-- What SQLite's planner goes by: about how many rows a table has, and how many share the first columns of an index. Without it, it takes
-- every index for equally good, and would go through all of a space in the order of a key rather than use an index that finds a few rows.
-- These are the proportions of a million people; what somebody's own ANALYZE finds takes their place.
ANALYZE audience_size;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('event', 'event_of_anchor', '20000000 20000000 20 1'),
    ('event', 'sqlite_autoindex_event_1', '20000000 20000000 1'),
    ('ledger_entry', 'ledger_entry', '20000000 20000000 10000000 20 1'),
    ('ledger_tab', 'ledger_tab', '1000000 1000000 500000 1'),
    ('ledger_tab', 'ledger_tab_open', '1000 1000 1000 500 1'),
    ('identity_node', 'identity_node', '2000000 2000000 1'),
    ('identity_node', 'identity_node_of_component', '2000000 2000000 2'),
    ('identity_node', 'identity_node_of_profile', '2000000 2000000 2'),
    ('identity_node', 'identity_node_of_person', '2000000 2000000 2'),
    ('identity_edge', 'identity_edge', '1000000 1000000 2 1'),
    ('identity_edge', 'identity_edge_of_b', '1000000 1000000 2'),
    ('identity_link', 'identity_link', '1000000 1000000 2 1 1'),
    ('identity_link', 'identity_link_of_b', '1000000 1000000 2'),
    ('identity_blocked', 'identity_blocked', '10000 10000 2 1'),
    ('identity_blocked', 'identity_blocked_of_component', '10000 10000 2'),
    ('identity_blocked', 'identity_blocked_of_b', '10000 10000 2'),
    ('identity_blocked', 'identity_blocked_of_code', '10000 10000 3000 2 1'),
    ('profile_seed', 'profile_seed', '1000000 1000000 1'),
    ('profile_seed', 'profile_seed_of_identifier', '1000000 1000000 1'),
    ('trait_value', 'trait_value', '4000000 4000000 4 1 1'),
    ('computed_value', 'computed_value', '20000000 20000000 20 1 1'),
    ('consent_state', 'consent_state', '2000000 2000000 1'),
    ('consent_state', 'consent_state_refusing', '10000 10000 10000 1'),
    ('consent_entry', 'consent_entry', '2000000 2000000 1 1'),
    ('audience_member', 'audience_member', '8000000 8000000 400000 1'),
    ('audience_member', 'audience_member_of_profile', '8000000 8000000 8'),
    ('audience_change', 'audience_change', '8000000 1'),
    ('audience_change', 'audience_change_of_audience', '8000000 8000000 400000 1'),
    ('audience_change', 'audience_change_of_profile', '8000000 8000000 8 1'),
    ('profile_due', 'profile_due', '1000000 1000000 1'),
    ('profile_due', 'profile_due_by_time', '1000000 1'),
    ('exposure', 'exposure', '1000000 1000000 100000 1 1'),
    ('exposure', 'exposure_of_anchor', '1000000 1000000 5'),
    ('device_word', 'device_word', '100000 100000 10 1 1'),
    ('device_person', 'device_person', '100000 100000 2 1'),
    ('device_event', 'device_event', '1000000 1000000 100 1 1'),
    ('device_event', 'device_event_of_offset', '1000000 1000000 1');
ANALYZE sqlite_schema;
