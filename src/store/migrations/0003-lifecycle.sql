-- What rollover, recovery and the life of devices add. A column of a ledger table is NULL in rows that no entry gave it.

CREATE TABLE ceremony (id INTEGER PRIMARY KEY, digest BLOB) STRICT;
ALTER TABLE anchor ADD COLUMN use INT;
