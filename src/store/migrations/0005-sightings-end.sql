-- What a day's tidy dropped of places where certificates stood once.
ALTER TABLE tidy ADD COLUMN sightings INT;

-- The overview's figures are summed in memory and written once a transaction (src/store/sqlite/tally.c).
DROP TRIGGER device_counted;
DROP TRIGGER device_recounted;
DROP TRIGGER device_moved;
DROP TRIGGER certificate_counted;
DROP TRIGGER certificate_recounted;
