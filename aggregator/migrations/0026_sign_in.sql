-- How members come in beside their passwords: the workspace's provider of identities (OpenID Connect), and whom it knows
-- them as.
CREATE TABLE sign_in_provider (
    workspace_id TEXT PRIMARY KEY REFERENCES workspace (id),
    -- What the button calls it.
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- Sealed; '' of a client without one.
    client_secret TEXT NOT NULL,
    -- Of which addresses people may be matched by, JSON; none means all.
    domains TEXT NOT NULL,
    -- The role with which people join who are not invited; '' where they do not.
    join_role TEXT NOT NULL,
    -- Whether members who are no owners may come in by password.
    passwords BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The account of a provider with which a member has signed in: from then on it is that account, whatever its address.
CREATE TABLE sign_in_account (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    member_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX sign_in_account_of_member ON sign_in_account (member_id, issuer);

-- A change has two entries: that it was begun, with status 0, and how it ended, which names the number of the first.
ALTER TABLE audit_entry ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
CREATE INDEX audit_entry_of_begun ON audit_entry (begun);
