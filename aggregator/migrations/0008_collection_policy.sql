-- What a source takes and records (JSON; what it does not say is the default of the source's consent
-- basis), and whether it takes anything at all.
ALTER TABLE source ADD COLUMN collection TEXT NOT NULL DEFAULT '{}';
ALTER TABLE source ADD COLUMN enabled BIGINT NOT NULL DEFAULT 1;

-- When the ledger heard of a number and of a tab (0: before this was written down): what the likely
-- cause of a gap follows from.
ALTER TABLE ledger_entry ADD COLUMN settled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_tab ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
