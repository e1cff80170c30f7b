-- A refused message is tried again by the rule of the place from which it came; NULL when that is not known.
ALTER TABLE quarantine ADD COLUMN jurisdiction TEXT;
-- 1 where its request carried Global Privacy Control.
ALTER TABLE quarantine ADD COLUMN gpc BIGINT NOT NULL DEFAULT 0;
