-- What is counted is read and written by anchor: with the anchor in front, the primary key is the index of anchors too, and
-- what is kept of one anchor lies together.
CREATE TABLE computed_value_by_anchor (
    space_id TEXT NOT NULL,
    anchor TEXT NOT NULL,
    definition_id TEXT NOT NULL REFERENCES computed_trait (id),
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (space_id, anchor, definition_id, scope)
);
INSERT INTO computed_value_by_anchor (space_id, anchor, definition_id, scope, state)
    SELECT space_id, anchor, definition_id, scope, state FROM computed_value;
DROP TABLE computed_value;
ALTER TABLE computed_value_by_anchor RENAME TO computed_value;
