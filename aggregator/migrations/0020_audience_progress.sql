-- When an audience began to look at everybody, the last time that it did.
ALTER TABLE audience ADD COLUMN build_started_at BIGINT NOT NULL DEFAULT 0;
UPDATE audience SET build_started_at = updated_at;
