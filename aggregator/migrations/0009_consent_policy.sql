-- The consent policy of a space in versions. A published version never changes; receipts name it. The one in
-- force is in space.consent_policy, too.
CREATE TABLE consent_policy (
    space_id TEXT NOT NULL REFERENCES space (id),
    version BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (space_id, version)
);

-- Until now every space had the policy that it was made with.
INSERT INTO consent_policy (space_id, version, body, published_at) SELECT id, 1, consent_policy, created_at FROM space;
