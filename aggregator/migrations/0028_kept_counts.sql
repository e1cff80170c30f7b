-- Counts that are kept beside what they count: counting rows takes seconds where there are millions of them.

-- How the numbers of a source's tabs ended.
CREATE TABLE ledger_total (
    space_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- '' for the numbers that tabs have given out.
    outcome TEXT NOT NULL,
    numbers BIGINT NOT NULL,
    -- Those of them of which a message arrived.
    received BIGINT NOT NULL,
    PRIMARY KEY (space_id, source_id, outcome)
);
INSERT INTO ledger_total (space_id, source_id, outcome, numbers, received)
    SELECT space_id, source_id, outcome, COUNT(*), COUNT(message_id) FROM ledger_entry GROUP BY space_id, source_id, outcome;
INSERT INTO ledger_total (space_id, source_id, outcome, numbers, received)
    SELECT space_id, source_id, '', CAST(SUM(next_seq - 1) AS BIGINT), 0 FROM ledger_tab GROUP BY space_id, source_id;

-- How many of a tab's numbers have ended.
ALTER TABLE ledger_tab ADD COLUMN settled BIGINT NOT NULL DEFAULT 0;
UPDATE ledger_tab SET settled = (SELECT COUNT(*) FROM ledger_entry e
    WHERE e.space_id = ledger_tab.space_id AND e.source_id = ledger_tab.source_id AND e.tab = ledger_tab.tab);
-- 1 where some of them have not.
ALTER TABLE ledger_tab ADD COLUMN is_open BIGINT NOT NULL DEFAULT 0;
UPDATE ledger_tab SET is_open = 1 WHERE next_seq - 1 > settled;
CREATE INDEX ledger_tab_open ON ledger_tab (is_open, space_id, source_id, tab) WHERE is_open = 1;

-- How many members an audience has.
CREATE TABLE audience_size (
    space_id TEXT NOT NULL,
    audience_id TEXT NOT NULL,
    members BIGINT NOT NULL,
    PRIMARY KEY (space_id, audience_id)
);
INSERT INTO audience_size (space_id, audience_id, members)
    SELECT space_id, audience_id, COUNT(*) FROM audience_member GROUP BY space_id, audience_id;

-- Links are found by either end.
CREATE INDEX identity_link_of_b ON identity_link (space_id, b);

-- 1 where something was refused or taken back.
ALTER TABLE consent_state ADD COLUMN refuses BIGINT NOT NULL DEFAULT 0;
UPDATE consent_state SET refuses = 1 WHERE state LIKE '%{"granted":false%' OR state LIKE '%"denied_at"%';
CREATE INDEX consent_state_refusing ON consent_state (refuses, space_id, anchor) WHERE refuses = 1;
