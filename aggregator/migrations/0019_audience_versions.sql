-- Definitions that change: the new one is built beside the old one, which serves until then.
ALTER TABLE audience ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE audience ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE audience SET updated_at = created_at;
-- The audience whose place this definition takes once it has looked at everybody; '' of those that people see.
ALTER TABLE audience ADD COLUMN replaces TEXT NOT NULL DEFAULT '';

-- How people know a computed trait, also when its definition changes and what is counted is counted anew.
ALTER TABLE computed_trait ADD COLUMN public_id TEXT NOT NULL DEFAULT '';
UPDATE computed_trait SET public_id = id;
ALTER TABLE computed_trait ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Who entered an audience and who left it, and what did it.
CREATE TABLE audience_change (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL,
    audience_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    -- `entered` or `left`.
    kind TEXT NOT NULL,
    -- JSON: an event, time, identity, a definition.
    cause TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE INDEX audience_change_of_audience ON audience_change (space_id, audience_id, id);
CREATE INDEX audience_change_of_profile ON audience_change (space_id, profile_id, id);
