-- What rollover, recovery and the life of devices add. A column of a ledger table is NULL in rows that no entry gave it.

CREATE TABLE epoch (
    id INTEGER PRIMARY KEY, size INT, root BLOB CHECK (length(root) = 32), lost_size INT,
    lost_root BLOB CHECK (length(lost_root) = 32), journal INT, began_at INT
) STRICT;
CREATE TABLE untold (device INTEGER PRIMARY KEY, entry INT NOT NULL) STRICT;

CREATE TABLE ceremony (id INTEGER PRIMARY KEY, digest BLOB) STRICT;
ALTER TABLE anchor ADD COLUMN use INT;

CREATE TABLE transfer (
    id INTEGER PRIMARY KEY, device INT, from_owner TEXT, to_owner TEXT, created_at INT,
    expires_at INT, state INT, asked_by INT, body BLOB, releaser INT, release_key BLOB,
    release_signature BLOB, accepter INT, accept_key BLOB, accept_signature BLOB,
    after_certificate INT
) STRICT;
CREATE INDEX transfer_device ON transfer (device);
CREATE TABLE foreign_certificate (
    id INTEGER PRIMARY KEY, anchor INT, serial BLOB, device INT,
    subject BLOB CHECK (length(subject) = 32), not_after INT, state INT, revoked_at INT, reason INT
) STRICT;
CREATE UNIQUE INDEX foreign_serial ON foreign_certificate (anchor, serial);
CREATE INDEX foreign_device ON foreign_certificate (device) WHERE device > 0;

ALTER TABLE issuer ADD COLUMN root INT;
ALTER TABLE issuer ADD COLUMN new_with_old BLOB;
ALTER TABLE issuer ADD COLUMN old_with_new BLOB;
ALTER TABLE device ADD COLUMN replaces INT;
ALTER TABLE device ADD COLUMN replaced_by INT;
ALTER TABLE permit ADD COLUMN new_board INT;
DROP INDEX certificate_revoked;
CREATE INDEX certificate_revoked ON certificate (issuer, class, number, state_at) WHERE state >= 3;
CREATE TABLE entry_touches (
    device INT, seq INT, PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE bulk (
    id INTEGER PRIMARY KEY, verb INT, reason INT, product INT, owner TEXT, batch TEXT, listed INT,
    devices INT, certificates INT, digest BLOB CHECK (length(digest) = 32), operator INT, state INT,
    created_at INT, ended_at INT, done INT
) STRICT;
CREATE TABLE bulk_member (
    bulk INT, device INT, PRIMARY KEY (bulk, device)
) STRICT, WITHOUT ROWID;
