-- In which version the audiences and computed traits of a space are: another word after every change, never the same twice,
-- so that what is made of them in memory is made again only when they have changed.
CREATE TABLE definition_version (
    space_id TEXT PRIMARY KEY,
    version TEXT NOT NULL
);
