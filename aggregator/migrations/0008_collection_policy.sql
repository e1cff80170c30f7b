-- What a source takes and records (JSON; what it does not say is the default of the source's consent
-- basis), and whether it takes anything at all.
ALTER TABLE source ADD COLUMN collection TEXT NOT NULL DEFAULT '{}';
ALTER TABLE source ADD COLUMN enabled BIGINT NOT NULL DEFAULT 1;
