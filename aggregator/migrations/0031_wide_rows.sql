-- Rows in the order of their key (0029) are for narrow ones. A tree of keys repeats whole rows in its inner pages: of rows of half a
-- kilobyte it is many levels deep, and each new one moves its neighbours on two pages and more. Where nobody reads several rows of one
-- key at once, such rows lie in the order in which they came, and a narrow index finds them.
CREATE TABLE consent_state_rows (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    state TEXT NOT NULL,
    folded TEXT NOT NULL DEFAULT '{}',
    refuses BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (space_id, anchor)
);
INSERT INTO consent_state_rows (space_id, anchor, state, folded, refuses) SELECT space_id, anchor, state, folded, refuses FROM consent_state ORDER BY space_id, anchor;
DROP TABLE consent_state;
ALTER TABLE consent_state_rows RENAME TO consent_state;
CREATE INDEX consent_state_refusing ON consent_state (refuses, space_id, anchor) WHERE refuses = 1;

CREATE TABLE consent_entry_rows (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, seq)
);
INSERT INTO consent_entry_rows (space_id, anchor, seq, body, hash) SELECT space_id, anchor, seq, body, hash FROM consent_entry ORDER BY space_id, anchor, seq;
DROP TABLE consent_entry;
ALTER TABLE consent_entry_rows RENAME TO consent_entry;

-- What SQLite's planner goes by, as in 0029; of the index of people as well, which 0030 made.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('identity_node', 'identity_node_of_person', '10000 10000 2'),
    ('consent_state', 'sqlite_autoindex_consent_state_1', '2000000 2000000 1'),
    ('consent_state', 'consent_state_refusing', '10000 10000 10000 1'),
    ('consent_entry', 'sqlite_autoindex_consent_entry_1', '2000000 2000000 1 1');
ANALYZE sqlite_schema;
