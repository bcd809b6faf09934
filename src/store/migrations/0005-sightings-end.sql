-- What a day's tidy dropped of places where certificates stood once.
ALTER TABLE tidy ADD COLUMN sightings INT;

-- The overview's figures are summed in memory and written once a transaction (src/store/sqlite/tally.c).
DROP TRIGGER device_counted;
DROP TRIGGER device_recounted;
DROP TRIGGER device_moved;
DROP TRIGGER certificate_counted;
DROP TRIGGER certificate_recounted;

-- Of open findings one index fewer: that of debt, which has all columns that it asks for, is also the
-- list of an owner's of one check.
DROP INDEX finding_owner_check;
DROP INDEX finding_owed;
CREATE INDEX finding_owed ON finding (owner, check_id, began_at, id, severity, product, device, recorded_at)
    WHERE ifnull(closed_at, 0) = 0;
