-- The identity graph: identifiers, the evidence that joins them, and the profiles that follow.
CREATE TABLE identity_node (
    space_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    -- Everything connected by evidence, refused or not: the unit that is resolved together.
    component BIGINT NOT NULL,
    profile_id TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (space_id, identifier)
);
CREATE INDEX identity_node_of_component ON identity_node (space_id, component);
CREATE INDEX identity_node_of_profile ON identity_node (space_id, profile_id);

CREATE TABLE identity_edge (
    space_id TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    first_event TEXT NOT NULL,
    source_id TEXT NOT NULL,
    PRIMARY KEY (space_id, a, b)
);
CREATE INDEX identity_edge_of_b ON identity_edge (space_id, b);

-- Evidence that the rules refused.
CREATE TABLE identity_blocked (
    space_id TEXT NOT NULL,
    component BIGINT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (space_id, a, b)
);
CREATE INDEX identity_blocked_of_component ON identity_blocked (space_id, component);

-- Which identifier a profile id was made from: an id once given out stays resolvable after merges.
CREATE TABLE profile_seed (
    space_id TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (space_id, profile_id)
);
CREATE INDEX profile_seed_of_identifier ON profile_seed (space_id, identifier);
