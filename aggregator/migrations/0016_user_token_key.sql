-- What a space's user tokens are signed with. The secret is here as it is, since signatures are made anew to be compared.
CREATE TABLE user_token_key (
    space_id TEXT NOT NULL,
    id TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it ends, once another has taken its place.
    valid_until BIGINT,
    PRIMARY KEY (space_id, id)
);
