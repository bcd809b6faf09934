-- What standing and trust debt add. A column of a ledger table is NULL in rows that no entry gave it.

-- an issuer of one owner's devices
ALTER TABLE issuer ADD COLUMN owner TEXT;
