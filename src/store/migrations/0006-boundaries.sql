-- What *Boundaries* adds. A column of a ledger table is NULL in rows that no entry gave it.

-- Brokers and gateways, what each of them guards, and whom they let in.
CREATE TABLE boundary (
    id INTEGER PRIMARY KEY, name TEXT, spki BLOB CHECK (length(spki) = 32),
    token_hash BLOB CHECK (length(token_hash) = 32), token_expires_at INT,
    token_spki BLOB CHECK (length(token_spki) = 32), state INT, created_at INT
) STRICT;
CREATE UNIQUE INDEX boundary_name ON boundary (name) WHERE state < 3;
CREATE INDEX boundary_spki ON boundary (spki) WHERE spki IS NOT NULL;
CREATE UNIQUE INDEX boundary_token ON boundary (token_hash) WHERE token_hash IS NOT NULL;
CREATE TABLE service (
    id INTEGER PRIMARY KEY, boundary INT, name TEXT, age_s INT, fail_open INT, state INT
) STRICT;
CREATE INDEX service_boundary ON service (boundary, name);
CREATE INDEX service_name ON service (name);
CREATE TABLE binding (
    id INTEGER PRIMARY KEY, service TEXT, kind INT, product INT, value TEXT, actions INT,
    pattern TEXT, expires_at INT, state INT, created_at INT
) STRICT;
CREATE INDEX binding_service ON binding (service, id) WHERE state = 1;
CREATE INDEX binding_group ON binding (service, kind, product, value) WHERE state = 1;

-- What boundaries acknowledged last, and the sessions that they hold.
CREATE TABLE boundary_seen (
    boundary INTEGER PRIMARY KEY, heard_at INT NOT NULL, status_generation INT NOT NULL,
    service_generation INT NOT NULL, slowest_ms INT NOT NULL,
    behind_since INT NOT NULL DEFAULT 0, slow_since INT NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE session (
    boundary INT NOT NULL, certificate INT NOT NULL, device INT NOT NULL, opened_ms INT NOT NULL,
    heard_ms INT NOT NULL, is_open INT NOT NULL,
    service TEXT NOT NULL DEFAULT '', PRIMARY KEY (boundary, certificate)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_service ON session (service) WHERE is_open = 1;
CREATE TABLE binding_used (binding INTEGER PRIMARY KEY, used_at INT NOT NULL) STRICT;
CREATE INDEX session_device ON session (device);
