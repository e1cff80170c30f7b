-- Nearly everybody is one profile, of the person's own name: those are found by their profile. Only whom consent divides needs an
-- index of people beside it, which is one tree less to write for each identifier that is new.
DROP INDEX identity_node_of_person;
CREATE INDEX identity_node_of_person ON identity_node (space_id, person_id) WHERE person_id <> profile_id;
