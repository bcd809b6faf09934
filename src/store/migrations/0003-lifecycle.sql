-- What rollover, recovery and the life of devices add. A column of a ledger table is NULL in rows that no entry gave it.

CREATE TABLE epoch (
    id INTEGER PRIMARY KEY, size INT, root BLOB CHECK (length(root) = 32), lost_size INT,
    lost_root BLOB CHECK (length(lost_root) = 32), journal INT, began_at INT
) STRICT;
CREATE TABLE untold (device INTEGER PRIMARY KEY, entry INT NOT NULL) STRICT;

CREATE TABLE ceremony (id INTEGER PRIMARY KEY, digest BLOB) STRICT;
ALTER TABLE anchor ADD COLUMN use INT;
