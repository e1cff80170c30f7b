-- Where a space's rules give the events of a shared device to whoever was signed in on it.

-- What events say of who used a device.
CREATE TABLE device_word (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Whoever signed in; '' where somebody signed out.
    person TEXT NOT NULL,
    PRIMARY KEY (space_id, device, at, person)
);

-- Who ever signed in on a device.
CREATE TABLE device_person (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (space_id, device, person)
);

-- Events that carry only devices, under each of them that is not, or was not always, their anchor.
CREATE TABLE device_event (
    space_id TEXT NOT NULL,
    device TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    offset_id BIGINT NOT NULL,
    PRIMARY KEY (space_id, device, timestamp, offset_id)
);
CREATE INDEX device_event_of_offset ON device_event (space_id, offset_id);
