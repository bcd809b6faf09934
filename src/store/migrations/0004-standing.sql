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

-- when each side signed a transfer, and its receipt
ALTER TABLE transfer ADD COLUMN released_at INT;
ALTER TABLE transfer ADD COLUMN accepted_at INT;
ALTER TABLE transfer ADD COLUMN receipt BLOB;

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

-- Lists, each in the order of an index: `src/store/sqlite/statements.def`.
CREATE INDEX device_state ON device (state) WHERE state <> 3; -- most are active
CREATE INDEX device_batch ON device (batch) WHERE batch <> '';
CREATE INDEX certificate_state ON certificate (state) WHERE state <> 2; -- most are current
CREATE INDEX certificate_current ON certificate (issuer, not_after, device) WHERE state = 2;
CREATE INDEX finding_oldest ON finding (began_at) WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_check ON finding (check_id, began_at) WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_severity ON finding (severity, began_at) WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_product ON finding (product, began_at) WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_owner ON finding (owner, began_at) WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_check_about ON finding (check_id)
    WHERE kind IS NOT NULL AND ifnull(closed_at, 0) = 0;
CREATE INDEX finding_owner_check ON finding (owner, check_id, began_at)
    WHERE ifnull(closed_at, 0) = 0;

-- The overview's figures: how many rows there are of each kind, kept by what changes a row, since
-- counting a million takes a tenth of a second.
CREATE TABLE device_tally (
    product INT, owner TEXT, state INT, n INT NOT NULL, PRIMARY KEY (product, owner, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE certificate_tally ( -- owner: its device's; empty for what belongs to no device
    owner TEXT, issuer INT, state INT, n INT NOT NULL, PRIMARY KEY (owner, issuer, state)
) STRICT, WITHOUT ROWID;
INSERT INTO device_tally SELECT ifnull(product, 0), ifnull(owner, ''), ifnull(state, 0), count(*)
    FROM device GROUP BY 1, 2, 3;
INSERT INTO certificate_tally
    SELECT ifnull(d.owner, ''), ifnull(c.issuer, 0), ifnull(c.state, 0), count(*)
    FROM certificate c LEFT JOIN device d ON d.id = c.device GROUP BY 1, 2, 3;

CREATE TRIGGER device_counted AFTER INSERT ON device BEGIN
    INSERT INTO device_tally
        VALUES (ifnull(NEW.product, 0), ifnull(NEW.owner, ''), ifnull(NEW.state, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER device_recounted AFTER UPDATE OF product, owner, state ON device
WHEN OLD.product IS NOT NEW.product OR OLD.owner IS NOT NEW.owner OR OLD.state IS NOT NEW.state
BEGIN
    INSERT INTO device_tally
        VALUES (ifnull(NEW.product, 0), ifnull(NEW.owner, ''), ifnull(NEW.state, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    UPDATE device_tally SET n = n - 1 WHERE product = ifnull(OLD.product, 0)
        AND owner = ifnull(OLD.owner, '') AND state = ifnull(OLD.state, 0);
END;
-- another owner has its certificates too
CREATE TRIGGER device_moved AFTER UPDATE OF owner ON device WHEN OLD.owner IS NOT NEW.owner
BEGIN
    UPDATE certificate_tally SET n = n - (SELECT count(*) FROM certificate c
        WHERE c.device = NEW.id AND ifnull(c.issuer, 0) = certificate_tally.issuer
        AND ifnull(c.state, 0) = certificate_tally.state) WHERE owner = ifnull(OLD.owner, '');
    INSERT INTO certificate_tally
        SELECT ifnull(NEW.owner, ''), ifnull(issuer, 0), ifnull(state, 0), count(*)
        FROM certificate WHERE device = NEW.id GROUP BY 2, 3
        ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;
CREATE TRIGGER certificate_counted AFTER INSERT ON certificate BEGIN
    INSERT INTO certificate_tally
        VALUES (ifnull((SELECT owner FROM device WHERE id = NEW.device), ''),
                ifnull(NEW.issuer, 0), ifnull(NEW.state, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER certificate_recounted AFTER UPDATE OF device, issuer, state ON certificate
WHEN OLD.device IS NOT NEW.device OR OLD.issuer IS NOT NEW.issuer OR OLD.state IS NOT NEW.state
BEGIN
    INSERT INTO certificate_tally
        VALUES (ifnull((SELECT owner FROM device WHERE id = NEW.device), ''),
                ifnull(NEW.issuer, 0), ifnull(NEW.state, 0), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    UPDATE certificate_tally SET n = n - 1
        WHERE owner = ifnull((SELECT owner FROM device WHERE id = OLD.device), '')
        AND issuer = ifnull(OLD.issuer, 0) AND state = ifnull(OLD.state, 0);
END;
-- debt: what is open in one look, and what ended behind an instant
CREATE INDEX finding_owed ON finding (owner, severity, check_id, product, device, began_at, recorded_at)
    WHERE ifnull(closed_at, 0) = 0;
CREATE INDEX finding_ended ON finding (closed_at, recorded_at, began_at, closed_by, severity, check_id, owner,
    product, device) WHERE closed_at > 0;

-- certificates of other CAs that were read: what they say, and where a scan saw them
ALTER TABLE foreign_certificate ADD COLUMN spki BLOB;
ALTER TABLE foreign_certificate ADD COLUMN not_before INT;
ALTER TABLE foreign_certificate ADD COLUMN key INT;
ALTER TABLE foreign_certificate ADD COLUMN bits INT;
ALTER TABLE foreign_certificate ADD COLUMN signature INT;
ALTER TABLE foreign_certificate ADD COLUMN digest BLOB;
ALTER TABLE foreign_certificate ADD COLUMN traits INT;
ALTER TABLE foreign_certificate ADD COLUMN issuer_name BLOB;
DROP INDEX foreign_serial;
CREATE UNIQUE INDEX foreign_serial ON foreign_certificate (anchor, serial) WHERE anchor > 0;
CREATE UNIQUE INDEX foreign_stray ON foreign_certificate (digest) WHERE anchor = 0;
CREATE INDEX foreign_digest ON foreign_certificate (digest);
CREATE INDEX foreign_spki ON foreign_certificate (spki) WHERE spki IS NOT NULL;
CREATE INDEX foreign_oldest ON foreign_certificate (spki, not_before) WHERE spki IS NOT NULL;
CREATE INDEX foreign_holder ON foreign_certificate (spki, device) WHERE device > 0 AND state = 1;
CREATE INDEX foreign_number ON foreign_certificate (serial);
CREATE TABLE foreign_der (digest BLOB PRIMARY KEY CHECK (length(digest) = 32), der BLOB NOT NULL)
STRICT, WITHOUT ROWID;
CREATE TABLE sighting (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, host TEXT NOT NULL, foreign_id INT NOT NULL,
    certificate INT NOT NULL, spki BLOB NOT NULL, chain BLOB NOT NULL, ca_until INT NOT NULL,
    protocol TEXT NOT NULL, cipher TEXT NOT NULL, first_at INT NOT NULL, last_at INT NOT NULL,
    ended_at INT NOT NULL
) STRICT;
CREATE INDEX sighting_place ON sighting (place) WHERE ended_at = 0;
CREATE INDEX sighting_foreign ON sighting (foreign_id, id) WHERE foreign_id > 0;
-- one certificate may stand at ten thousand places: what they come to takes one look at each of these
CREATE INDEX sighting_first ON sighting (foreign_id, first_at) WHERE ended_at = 0;
CREATE INDEX sighting_last ON sighting (foreign_id, last_at) WHERE ended_at = 0;
CREATE INDEX sighting_above ON sighting (foreign_id, ca_until) WHERE ended_at = 0 AND ca_until > 0;
CREATE INDEX sighting_ended ON sighting (foreign_id, ended_at);
CREATE INDEX sighting_certificate ON sighting (certificate, id) WHERE certificate > 0;
CREATE INDEX sighting_key ON sighting (spki, first_at) WHERE ended_at = 0;

-- The last backup and the last drill of a restore that somebody reported.
CREATE TABLE backup_note (
    id INTEGER PRIMARY KEY, size INT, root BLOB CHECK (length(root) = 32), noted_at INT
) STRICT;

-- events on their way to receivers, and what is kept for how long
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, hook TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL,
    created_at INT NOT NULL, due_at INT, tries INT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (hook, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_subject ON outbox (hook, subject, id);
CREATE INDEX outbox_age ON outbox (hook, created_at);
CREATE TABLE webhook (
    name TEXT PRIMARY KEY, queued INT NOT NULL, sent INT NOT NULL, failed INT NOT NULL,
    dropped INT NOT NULL, given_up INT NOT NULL, sent_at INT NOT NULL, failed_at INT NOT NULL,
    failure TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE webhook_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL, since INT NOT NULL) STRICT;
ALTER TABLE note ADD COLUMN at INT;
CREATE TABLE tidy (
    id INTEGER PRIMARY KEY, began_at INT, ended_at INT, answers INT, counters INT, seen INT,
    checkpoints INT, webhooks INT
) STRICT;
