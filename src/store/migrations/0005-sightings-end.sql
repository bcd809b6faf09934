-- What a day's tidy dropped of places where certificates stood once.
ALTER TABLE tidy ADD COLUMN sightings INT;
