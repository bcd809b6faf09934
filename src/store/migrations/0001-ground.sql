-- The tables of tables.def.
--
-- Columns of ledger tables may be NULL and have no default: a row holds what entries said of it and
-- nothing else, so that replay gives the same row. Other rows are meant by number, 0 is none; they are
-- not foreign keys, because the ledger's order already is the order of creation and `audit-verify`
-- reads every row again. Indexes are as few as the finders of store.h need: each one costs a page of
-- the log for every certificate that is issued.

CREATE TABLE product (
    id INTEGER PRIMARY KEY, name TEXT, hw_type TEXT, proofs INT, least_proof INT, validity_s INT,
    enrols_a_year INT
) STRICT;
CREATE UNIQUE INDEX product_name ON product (name);

CREATE TABLE issuer (
    id INTEGER PRIMARY KEY, kind INT, certificate BLOB, spki BLOB CHECK (length(spki) = 32),
    not_after INT, state INT
) STRICT;

CREATE TABLE anchor (
    id INTEGER PRIMARY KEY, product INT, certificate BLOB, spki BLOB CHECK (length(spki) = 32),
    state INT
) STRICT;

CREATE TABLE device (
    id INTEGER PRIMARY KEY, product INT, serial_number TEXT, owner TEXT, batch TEXT, state INT,
    hold INT, registered BLOB CHECK (length(registered) = 32), proof INT, quarantine INT,
    bad_key BLOB CHECK (length(bad_key) = 32), version INT, idevid_anchor INT
) STRICT;
CREATE UNIQUE INDEX device_name ON device (product, serial_number);
CREATE INDEX device_registered ON device (registered) WHERE registered IS NOT NULL;
CREATE INDEX device_owner ON device (owner);

-- A serial ends with its class (1 octet) and number (4), so that the index over these, which only
-- grows at its end, also finds serials and keeps them unique.
CREATE TABLE certificate (
    id INTEGER PRIMARY KEY, device INT, issuer INT, serial BLOB CHECK (length(serial) = 16),
    spki BLOB CHECK (length(spki) = 32), profile INT, not_before INT, not_after INT, class INT,
    number INT, digest BLOB, predecessor INT, credential BLOB, state INT, state_at INT, reason INT,
    anew INT, proven_at INT, proof INT,
    CHECK (serial IS NULL OR hex(substr(serial, 12)) = printf('%02X%08X', class, number))
) STRICT;
CREATE UNIQUE INDEX certificate_number ON certificate (issuer, class, number);
CREATE INDEX certificate_spki ON certificate (spki); -- and (credential, SPKI): few share a key
CREATE INDEX certificate_device ON certificate (device, state);
CREATE INDEX certificate_anew ON certificate (device, not_before) WHERE anew = 1;
CREATE INDEX certificate_revoked ON certificate (issuer, class, number) WHERE state >= 3;

CREATE TABLE token (
    id INTEGER PRIMARY KEY, device INT, hash BLOB CHECK (length(hash) = 32), expires_at INT,
    state INT, spki BLOB CHECK (length(spki) = 32)
) STRICT;
CREATE UNIQUE INDEX token_hash ON token (hash);
CREATE INDEX token_open ON token (device) WHERE state = 1;

CREATE TABLE permit (id INTEGER PRIMARY KEY, device INT, expires_at INT, state INT) STRICT;
CREATE INDEX permit_open ON permit (device) WHERE state = 1;

CREATE TABLE operator (
    id INTEGER PRIMARY KEY, name BLOB CHECK (length(name) = 32),
    spki BLOB CHECK (length(spki) = 32), role INT, scope TEXT, state INT
) STRICT;
CREATE INDEX operator_spki ON operator (spki);

CREATE TABLE finding (
    id INTEGER PRIMARY KEY, check_id INT, device INT, certificate INT, began_at INT,
    recorded_at INT, closed_at INT, product INT
) STRICT;
CREATE INDEX finding_device ON finding (device);
CREATE INDEX finding_open ON finding (device) WHERE ifnull(closed_at, 0) = 0;

CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, at INT NOT NULL, event INT NOT NULL, device INT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX entry_device ON entry (device) WHERE device > 0;

CREATE TABLE tile ( -- id: level * 2^56 + index
    id INTEGER PRIMARY KEY, hashes BLOB NOT NULL CHECK (length(hashes) = 8192)
) STRICT;

CREATE TABLE next_instant (device INTEGER PRIMARY KEY, instant INT NOT NULL) STRICT;
CREATE INDEX next_instant_instant ON next_instant (instant);

CREATE TABLE certificate_der (certificate INTEGER PRIMARY KEY, der BLOB NOT NULL) STRICT;

CREATE TABLE seen (
    device INTEGER PRIMARY KEY, certificate INT NOT NULL, at INT NOT NULL
) STRICT;

CREATE TABLE budget (
    name TEXT, product INT, hour INT, sum INT NOT NULL, PRIMARY KEY (name, product, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (key TEXT PRIMARY KEY, at INT NOT NULL, answer BLOB NOT NULL) STRICT;
CREATE INDEX answer_at ON answer (at);

CREATE TABLE crl (
    issuer INT, class INT, part INT, number INT NOT NULL, this_at INT NOT NULL,
    next_at INT NOT NULL, PRIMARY KEY (issuer, class, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;

CREATE TABLE meta (name TEXT PRIMARY KEY, value INT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE personal (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32), salt BLOB NOT NULL, text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
