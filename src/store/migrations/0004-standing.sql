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
