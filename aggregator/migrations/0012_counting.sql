-- How often a few things happened that the consent policy names, to people who did not agree to be collected. Nothing of
-- anybody is here: no id, no address, no time but the day.
CREATE TABLE consent_count (
    space_id TEXT NOT NULL,
    -- Day, source, country, kind and name, so that rows are in the order in which they are read.
    id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- The beginning of the day, UTC.
    day BIGINT NOT NULL,
    -- '' when unknown.
    country TEXT NOT NULL,
    -- `event` or `page`.
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Stays on a page in which it happened.
    count BIGINT NOT NULL,
    -- The largest that was in force while these were counted: a later policy does not show what an earlier one kept back.
    minimum_group BIGINT NOT NULL,
    PRIMARY KEY (space_id, id)
);
