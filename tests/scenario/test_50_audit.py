"""The ledger from outside: what the server publishes, what `trothd audit` says of it, and what
becomes of a database that somebody edits. The tree is computed here anew (RFC 6962 2.1)."""

import base64
import contextlib
import hashlib
import json
import pathlib
import shutil
import sqlite3
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

import lab

DEVICES = 270  # more than a tile


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(root_of(leaves[:half]), root_of(leaves[half:]))


class Note:
    """A checkpoint: its body and its signature lines."""

    def __init__(self, text):
        self.body, lines = text.split("\n\n", 1)
        self.body += "\n"
        self.origin, size, root = self.body.splitlines()
        self.size, self.root = int(size), base64.b64decode(root)
        self.signatures = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines()]

    def verify_ed25519(self, vkey):
        name, key_id, key = vkey.split("+", 2)
        typed = base64.b64decode(key)
        assert name == self.origin
        assert typed[0] == 1
        assert hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id
        assert self.signatures[0][:4].hex() == key_id
        ed25519.Ed25519PublicKey.from_public_bytes(typed[1:]).verify(self.signatures[0][4:],
                                                                     self.body.encode())


class Site:
    """A server with a log of more than a tile, and `trothd audit` on it."""

    def __init__(self, server):
        self.server = server
        self.database = server.folder / "data" / "store" / "troth.db"
        self.public = server.folder / "public"

    def audit(self, *words, check=True):
        return lab.run(lab.program("trothd"), "audit", *map(str, words), "--config",
                       str(self.server.config_file), check=check)

    def note(self):
        return Note((self.public / "checkpoint").read_text())

    def size(self):
        """Entries that are published; 0 before the first checkpoint."""
        return self.note().size if (self.public / "checkpoint").exists() else 0

    def edit(self, sql):
        connection = sqlite3.connect(self.database)
        with connection:
            connection.executescript(sql)
        connection.close()

    def finds(self, text, *words):
        done = self.audit("verify", *words, check=False)
        assert done.returncode == 1, done
        assert "E7001" in done.stderr, done
        assert text in done.stderr, done


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A server that was stopped after 270 imports and a few more, and its files to be copied."""
    server = lab.Server(tmp_path_factory.mktemp("audit") / "troth").init()
    try:
        server.start()
        alice = server.bootstrap()
        alice.add_product("valve")
        keys = {f"SN-{i}": lab.make_key() if i < 3 else None for i in range(DEVICES)}
        alice.import_devices("valve", keys, owner="acme")
        device = lab.Device(server, "valve")
        assert device.enrol(lab.make_csr(keys["SN-1"], "SN-1")).status == 200
        site = Site(server)
        want = site.audit("dump").stdout.splitlines()[-1].split()[1]
        assert lab.eventually(lambda: site.size() == int(want))
        server.stop()
    finally:
        server.kill()
    server.keys, server.first = keys, alice
    return server


def copy(source, server):
    """The files of a stopped server for another one, on its own ports."""
    shutil.copytree(source.folder, server.folder, ignore=shutil.ignore_patterns("*.sock"))
    server.config_file.write_text(json.dumps(server.config))


@pytest.fixture
def site(quiet, tmp_path):
    """A copy of it that a test may edit."""
    server = lab.Server(tmp_path / "troth")
    copy(quiet, server)
    return Site(server)


def entries_of(folder):
    """The entries of an export, by bundle."""
    entries = []
    for index in range(1000):
        full = folder / f"tile/entries/{index:03}"
        partial = sorted(pathlib.Path(folder / f"tile/entries/{index:03}.p").glob("*"))
        if not full.exists() and not partial:
            return entries
        octets = (full if full.exists() else partial[0]).read_bytes()
        while octets:
            n = int.from_bytes(octets[:2], "big")
            entries.append(octets[2:2 + n])
            octets = octets[2 + n:]
    return entries


def test_what_is_published_is_the_tree_of_the_entries(site, tmp_path):
    site.audit("export", tmp_path / "export")
    leaves = [leaf(entry) for entry in entries_of(tmp_path / "export")]
    note = site.note()
    assert len(leaves) == note.size
    assert root_of(leaves) == note.root
    note.verify_ed25519((site.public / "checkpoint-keys").read_text().splitlines()[0])
    assert (site.public / "tile/0/000").read_bytes() == b"".join(leaves[:256])
    rest = leaves[256:]
    assert (site.public / f"tile/0/001.p/{len(rest)}").read_bytes() == b"".join(rest)
    assert (site.public / "tile/1/000.p/1").read_bytes() == root_of(leaves[:256])


def test_replay_of_an_export_is_the_dump_of_the_tables(site, tmp_path):
    site.audit("export", tmp_path / "export")
    dump = site.audit("dump").stdout
    site.database.rename(tmp_path / "away")  # nothing but the export is left
    replayed = lab.run(lab.program("trothd"), "audit", "replay", str(tmp_path / "export"))
    assert replayed.stdout == dump
    assert dump.count("\ndevice ") == DEVICES
    digest = lab.run(lab.program("trothd"), "audit", "replay", str(tmp_path / "export"), "--digest",
                     "--keys", str(site.public / "checkpoint-keys"))
    assert digest.stdout.strip() == hashlib.sha256(dump.encode()).hexdigest()


def test_replay_of_the_live_log_compares_by_itself(site):
    done = site.audit("replay")
    assert "the tables are what replay makes of the entries alone" in done.stdout
    site.edit("UPDATE device SET state = 3 WHERE id = 7")
    done = site.audit("replay", check=False)
    assert done.returncode == 1
    assert "E7001" in done.stderr


def test_a_proof_leads_to_the_signed_root(site, tmp_path):
    note = site.note()
    site.audit("export", tmp_path / "export")
    leaves = [leaf(entry) for entry in entries_of(tmp_path / "export")]
    for index in (0, 100, 256, note.size - 1):
        proof = json.loads(site.audit("proof", index).stdout)
        assert proof["leaf"] == leaves[index].hex()
        assert proof["root"] == note.root.hex()
        # RFC 9162 2.1.3.2
        at, last, value = index, note.size - 1, leaves[index]
        for step in map(bytes.fromhex, proof["proof"]):
            if at & 1 or at == last:
                value = node(step, value)
                while not at & 1 and at:
                    at, last = at >> 1, last >> 1
            else:
                value = node(value, step)
            at, last = at >> 1, last >> 1
        assert value == note.root
    assert site.audit("proof", note.size, check=False).returncode == 7


def test_a_device_verifies_an_entry_with_the_library(site, tmp_path):
    """device/examples/entry on the real checkpoint: key, note, entry and proof as the server gives them."""
    note = site.note()
    site.audit("export", tmp_path / "export")
    entries = entries_of(tmp_path / "export")
    typed = base64.b64decode((site.public / "checkpoint-keys").read_text().splitlines()[1].split("+", 2)[2])
    files = {"key": typed[-65:], "note": (site.public / "checkpoint").read_bytes()}

    def judge(index, **other):
        proof = json.loads(site.audit("proof", index).stdout)["proof"]
        given = files | {"entry": entries[index], "proof": bytes.fromhex("".join(proof))} | other
        for name, octets in given.items():
            (tmp_path / name).write_bytes(octets)
        done = subprocess.run(
            [lab.BUILD / "device/examples/entry/entry-example", note.origin, tmp_path / "key", tmp_path / "note",
             str(index), tmp_path / "entry", tmp_path / "proof"], capture_output=True, text=True, check=False)
        return done.stdout.split(" ")[0], done.returncode

    for index in (0, 100, 256, note.size - 1):
        assert judge(index) == ("valid", 0)
        assert judge(index, entry=entries[index] + b"\0") == ("refused", 1)
    assert judge(7, entry=entries[8]) == ("refused", 1)
    assert judge(7, note=files["note"].replace(note.body.encode(), note.body.replace("\n", "0\n", 2).encode())) \
        == ("refused", 1)
    assert judge(7, key=files["key"][:-1] + bytes([files["key"][-1] ^ 1])) == ("refused", 1)


def test_a_log_that_went_on_extends_the_checkpoint_that_was_kept(site, quiet, tmp_path):
    kept = tmp_path / "kept.note"
    kept.write_text(site.audit("checkpoint").stdout)
    before = site.note().size
    try:
        site.server.start()
        csr = lab.make_csr(quiet.keys["SN-2"], "SN-2")
        assert lab.Device(site.server, "valve").enrol(csr).status == 200
        assert lab.eventually(lambda: site.note().size > before)
        done = site.audit("verify", "--checkpoint", kept)  # beside the running server
        assert f"{kept}: signed by both keys; its {before} entries are the first" in done.stdout
        assert "all as the ledger says" in done.stdout
        site.server.stop()
    finally:
        site.server.kill()


EDITS = {
    "altered entry": ("UPDATE entry SET body = CAST(substr(body, 1, length(body) - 1) || x'02'"
                      " AS BLOB) WHERE seq = 100", "entry 100"),
    "altered last entry": ("UPDATE entry SET at = at + 1 WHERE seq = (SELECT max(seq) FROM entry)",
                           ", column at: "),
    "deleted entry": ("DELETE FROM entry WHERE seq = 40", "entry 40 is missing"),
    "deleted end": ("DELETE FROM entry WHERE seq > 260", "the last ones are missing"),
    "reordered": ("UPDATE entry SET seq = -1 WHERE seq = 20; UPDATE entry SET seq = 20 WHERE seq ="
                  " 200; UPDATE entry SET seq = 200 WHERE seq = -1", "entry "),
    "altered row": ("UPDATE device SET state = 3 WHERE id = 7",
                    "device row 7, column state: 1 in the ledger, 3 in the database"),
    "deleted row": ("DELETE FROM device WHERE id = 7",
                    "device row 7 is in the ledger and not in the database"),
    "added row": ("INSERT INTO operator (id, role) VALUES (9, 3)",
                  "operator row 9 is in the database and not in the ledger"),
    "altered certificate": ("UPDATE certificate_der SET der = x'3000'", "certificate_der row "),
    "altered tile": ("UPDATE tile SET hashes = zeroblob(8192) WHERE id = 0", "tile 0/0"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_database_is_found_out(site, what):
    sql, text = EDITS[what]
    assert site.audit("verify").returncode == 0
    site.edit(sql)
    site.finds(text)


def test_a_fork_is_refused_by_whoever_kept_a_checkpoint(site, quiet, tmp_path):
    # Two logs go on from one copy; each is sound in itself, and signed by the same keys.
    twin = lab.Server(tmp_path / "twin")
    copy(quiet, twin)
    notes = []
    for server in (site.server, twin):
        before = Site(server).note().size
        try:
            server.start()
            csr = lab.make_csr(quiet.keys["SN-2"], "SN-2")
            assert lab.Device(server, "valve").enrol(csr).status == 200
            assert lab.eventually(lambda server=server, before=before:
                                  Site(server).note().size > before)
            server.stop()
        finally:
            server.kill()
        Site(server).audit("verify")
        notes.append(server.folder / "public" / "checkpoint")
    kept = tmp_path / "kept.note"
    shutil.copy(notes[1], kept)
    site.finds("a fork", "--checkpoint", kept)


def test_a_checkpoint_that_nobody_signed_is_refused(site, tmp_path):
    kept = tmp_path / "kept.note"
    text = site.audit("checkpoint").stdout
    size = text.splitlines()[1]
    kept.write_text(text.replace(f"\n{size}\n", f"\n{int(size) - 1}\n", 1))
    done = site.audit("verify", "--checkpoint", kept, check=False)
    assert done.returncode == 1
    assert "E6002" in done.stderr, done


# ---- lines for a SIEM --------------------------------------------------------------------------


def rows_of(lines):
    """The tables, as the changes of all lines make them."""
    tables = {}
    for line in lines:
        for change in line["changes"]:
            cells = {name: value for name, value in change.items() if name not in ("table", "row")}
            tables.setdefault(change["table"], {}).setdefault(change["row"], {}).update(cells)
    return tables


def test_the_changes_in_the_lines_make_the_tables(site):
    lines = [json.loads(line) for line in site.audit("lines").stdout.splitlines()]
    assert [line["entry"] for line in lines] == list(range(site.note().size))
    made = rows_of(lines)
    database = sqlite3.connect(site.database)
    for table in ("product", "device", "certificate", "operator", "issuer"):
        found = database.execute(f"SELECT * FROM {table}")  # noqa: S608
        names = [column[0] for column in found.description]
        rows = {row[0]: {name: value.hex() if isinstance(value, bytes) else value
                         for name, value in zip(names[1:], row[1:]) if value is not None}
                for row in found}
        assert made[table] == rows, table
    database.close()
    issued = [line for line in lines if line["event"] == "certificate-issued"]
    assert {"row": 2, "product": "valve", "serial": "SN-1"} in [one.get("device") for one in issued]
    assert lines[0]["actor"] == {"kind": "core"}


def test_a_cursor_goes_on_where_it_was_and_nothing_is_missing(site, tmp_path):
    cursor, size = tmp_path / "cursor", site.note().size
    seen = []
    while True:
        lines = site.audit("lines", "--cursor", cursor, "--limit", 100).stdout.splitlines()
        if not lines:
            break
        seen += [json.loads(line)["entry"] for line in lines]
        assert cursor.read_text() == f"{seen[-1] + 1}\n"
    assert seen == list(range(size))
    assert site.audit("lines", "--after", size - 2).stdout.count("\n") == 1


def test_lines_that_nobody_takes_do_not_move_the_cursor(site, tmp_path):
    cursor = tmp_path / "cursor"
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [lab.program("trothd"), "audit", "lines", "--cursor", cursor, "--config",
             site.server.config_file], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            check=False)
    assert done.returncode == 1
    assert "E8001" in done.stderr and "standard output" in done.stderr
    assert not cursor.exists()


@pytest.mark.parametrize(("text", "words", "status", "code"), [
    ("12 apples\n", (), 1, "E1002"),
    ("999999\n", (), 9, "E4002"),  # another log's, or of one that went back
    ("5\n", ("--after", 3), 2, "E1001"),
])
def test_a_cursor_that_cannot_be_right_is_refused(site, tmp_path, text, words, status, code):
    cursor = tmp_path / "cursor"
    cursor.write_text(text)
    done = site.audit("lines", "--cursor", cursor, *words, check=False)
    assert (done.returncode, done.stdout) == (status, ""), done
    assert code in done.stderr
    assert cursor.read_text() == text


def test_an_entry_that_was_edited_ends_the_lines(site):
    site.edit("UPDATE entry SET body = x'00' WHERE seq = 100")
    done = site.audit("lines", check=False)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 100
    assert "E7001" in done.stderr and "entry 100" in done.stderr


def test_lines_follow_the_server(site, quiet, tmp_path):
    cursor = tmp_path / "cursor"
    cursor.write_text(f"{site.note().size}\n")
    with contextlib.ExitStack() as stack:
        stack.callback(site.server.kill)
        site.server.start()
        follower = subprocess.Popen(
            [lab.program("trothd"), "audit", "lines", "--follow", "--cursor", cursor, "--config",
             site.server.config_file], stdout=subprocess.PIPE, text=True)
        stack.callback(follower.kill)
        csr = lab.make_csr(quiet.keys["SN-2"], "SN-2")
        assert lab.Device(site.server, "valve").enrol(csr).status == 200
        line = json.loads(follower.stdout.readline())
        while line["event"] != "certificate-issued" or "device" not in line:  # listeners have some
            line = json.loads(follower.stdout.readline())
        assert line["device"]["serial"] == "SN-2"
        assert lab.eventually(lambda: cursor.read_text() == f"{line['entry'] + 1}\n")
        follower.terminate()
        assert follower.wait(10) == 0
        site.server.stop()


def test_the_practice_statement_says_what_the_server_does(site, quiet):
    def statement():
        return lab.run(lab.program("trothd"), "issuer", "statement", "--config",
                       str(site.server.config_file)).stdout

    before = statement()
    assert f"as of its {site.note().size} entries" in before
    for kind in ("root", "idevid", "ldevid", "operations"):
        assert f"| {kind} | Troth " in before, kind
    assert f"| valve | {DEVICES} | token, registered-key, idevid | token | 90 days | 4 |" in before
    assert "| viewer (0) | operator (0) | admin (1) |" in before
    assert "| products | no | no | yes, without owner scope |" in before
    try:
        site.server.start()
        alice = lab.Operator(site.server, quiet.first.key, quiet.first.chain[0])
        alice.add_product("pump", validity_s=30 * 86400, proofs=["idevid"], least_proof="idevid")
        alice.add_operator("bob", "viewer")
        after = statement()  # beside the running server
        site.server.stop()
    finally:
        site.server.kill()
    assert "| pump | 0 | idevid | idevid | 30 days | 4 |" in after
    assert "| viewer (1) |" in after
