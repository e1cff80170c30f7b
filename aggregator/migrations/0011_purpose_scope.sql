-- Facts are kept once for each scope: the purposes for which their evidence counts now (names in order, divided by spaces).
-- What there was has none; all of it is folded again from the events, see consent_refold.
DROP TABLE trait_value;
CREATE TABLE trait_value (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    trait_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- JSON; `null` says that the trait was removed.
    value TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, trait_key, scope)
);

DROP TABLE computed_value;
CREATE TABLE computed_value (
    space_id TEXT NOT NULL,
    definition_id TEXT NOT NULL REFERENCES computed_trait (id),
    anchor TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, definition_id, anchor, scope)
);
CREATE INDEX computed_value_of_anchor ON computed_value (space_id, anchor);

-- Whom the evidence joins, whatever consent says. A profile is what of a person may be linked.
ALTER TABLE identity_node ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
UPDATE identity_node SET person_id = profile_id;
CREATE INDEX identity_node_of_person ON identity_node (space_id, person_id);

-- Pairs of identity_edge whose evidence allows linking, by scope.
CREATE TABLE identity_link (
    space_id TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (space_id, a, b, scope)
);

-- The scopes of the anchor's events, and under which words they were found, JSON.
ALTER TABLE consent_state ADD COLUMN folded TEXT NOT NULL DEFAULT '{}';

-- For which purposes the membership holds.
ALTER TABLE audience_member ADD COLUMN scope TEXT NOT NULL DEFAULT '';

-- Identifiers whose people have to be folded again, in the background.
CREATE TABLE consent_refold (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (space_id, identifier)
);
INSERT INTO consent_refold (space_id, identifier) SELECT space_id, MIN(identifier) FROM identity_node GROUP BY space_id, component;

-- What destinations have to hear of withdrawals.
CREATE TABLE consent_news (
    id TEXT PRIMARY KEY,
    space_id TEXT NOT NULL,
    -- `withdrawn`: the person denies the purpose; `audience_left`: with it went this membership.
    kind TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    -- '' unless an audience was left.
    audience_id TEXT NOT NULL,
    -- '' where an audience was left.
    purpose TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE INDEX consent_news_of_space ON consent_news (space_id, id);
