-- What *Fit for use* adds. A column of a ledger table is NULL in rows that no entry gave it.

ALTER TABLE product ADD COLUMN grace_s INT;
ALTER TABLE product ADD COLUMN claims_an_hour INT;
ALTER TABLE product ADD COLUMN keys INT;

ALTER TABLE operator ADD COLUMN person INT;
ALTER TABLE operator ADD COLUMN approver INT;
CREATE TABLE approval (
    id INTEGER PRIMARY KEY, kind TEXT, requester INT, body BLOB,
    hash BLOB CHECK (length(hash) = 32), created_at INT, expires_at INT, state INT, persons BLOB,
    countersignature BLOB
) STRICT;
CREATE TABLE signature (
    id INTEGER PRIMARY KEY, approval INT, operator INT, signature BLOB
) STRICT;
CREATE INDEX signature_approval ON signature (approval);
