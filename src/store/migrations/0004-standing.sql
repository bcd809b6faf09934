-- What *Standing and trust debt* adds. A column of a ledger table is NULL in rows that no entry gave it.

-- Findings about other things than devices, and what a row is worth when it is counted.
ALTER TABLE finding ADD COLUMN kind INT;
ALTER TABLE finding ADD COLUMN subject INT;
ALTER TABLE finding ADD COLUMN severity INT;
ALTER TABLE finding ADD COLUMN owner TEXT;
ALTER TABLE finding ADD COLUMN first INT;
ALTER TABLE finding ADD COLUMN closed_by INT;
CREATE INDEX finding_about ON finding (kind, subject) WHERE kind IS NOT NULL;

-- Every kind of subject: (kind - 1) * 2^56 + id. A device's number stays what it was.
ALTER TABLE next_instant RENAME COLUMN device TO subject;

-- an issuer of one owner's devices
ALTER TABLE issuer ADD COLUMN owner TEXT;

-- Versions of policies, of which one a product is in force, and what waives findings.
CREATE TABLE policy (
    id INTEGER PRIMARY KEY, product INT, version INT, body BLOB,
    digest BLOB CHECK (length(digest) = 32), created_at INT, state INT
) STRICT;
CREATE INDEX policy_product ON policy (product, state);
CREATE TABLE waiver (
    id INTEGER PRIMARY KEY, check_id INT, product INT, device INT, of_owner TEXT, answers TEXT,
    reason BLOB CHECK (length(reason) = 32), created_at INT, expires_at INT, asked_by INT,
    state INT, ended_at INT, ended_by INT
) STRICT;
CREATE INDEX waiver_scope ON waiver (device, product, state, check_id, of_owner, expires_at);
