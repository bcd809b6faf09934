"""TD-45 as its producer feeds it: `troth backup` makes and verifies backups and reports them, in virtual time."""

import base64
import os

import lab
import pytest
from test_33_grace import DAY_S, jump, late

assert late  # a fixture


def owed(alice):
    return [one for one in alice.pages("/findings", all="true")
            if one["about"] == "installation" and one["check"] == "TD-45"]


def is_open(alice):
    return any(one["closed"] is None for one in owed(alice))


@pytest.fixture
def hers(late, tmp_path):
    """Her `troth`, in the server's time."""
    server, alice = late
    login = alice.command_line(tmp_path / "alice")
    assert login("whoami").returncode == 0
    environment = {**os.environ, **server.environment, "TROTH_CONFIG": str(tmp_path / "alice" / "operator.json")}
    return lambda *words, check=True: lab.run(lab.program("troth"), *map(str, words), check=check,
                                              env=environment)


def note(folder, kind="made"):
    """What a backup's checkpoint says, as a body."""
    _, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    return {"kind": kind, "size": int(size), "root": root}


def test_a_backup_and_a_drill_are_owed_by_time_and_end_by_being_done(late, hers, tmp_path):
    server, alice = late
    jump(server, alice, 6)
    assert not owed(alice)
    jump(server, alice, 2)
    assert lab.eventually(lambda: is_open(alice))
    first, folder = owed(alice)[0], tmp_path / "first"
    assert (first["title"], first["severity"]) == ("backup-untested", "medium")

    done = hers("backup", folder, "--config", server.config_file)
    body = note(folder)
    assert f"noted: made, {body['size']} entries, root {body['root']}" in done.stdout, done.stderr
    assert not is_open(alice)
    assert owed(alice)[0]["closed_by"] == "evidence"
    assert [e["event"] for e in alice.pages("/ledger/entries")].count("backup-made") == 1

    jump(server, alice, 84)  # both are too old: the drill of day 0 was never
    assert lab.eventually(lambda: is_open(alice))
    server.is_ready()
    second = tmp_path / "second"
    hers("backup", second, "--config", server.config_file)
    assert is_open(alice)  # the drill is owed
    assert "would note" in hers("backup", second, "--drilled", "--dry-run").stdout
    assert is_open(alice)
    done = hers("backup", second, "--drilled")
    assert f"its root is {note(second)['root']}" in done.stdout and "noted: drilled" in done.stdout, done.stderr
    assert not is_open(alice)
    server.stop_and_audit()


def test_what_is_no_backup_of_this_ledger_is_refused(late, hers, tmp_path):
    server, alice = late
    folder = tmp_path / "backup"
    hers("backup", folder, "--config", server.config_file)
    body = note(folder)
    for wrong in ({"root": base64.b64encode(bytes(32)).decode()}, {"size": body["size"] - 1},
                  {"size": body["size"] + 1000}):
        refused = alice.post("/backups", {**body, **wrong}).problem(409, "E4049")
        assert "seen" in refused["detail"] and "wanted" in refused["detail"]
    olga = alice.add_operator("olga", "operator")
    assert olga.post("/backups", body).status == 403
    assert alice.post("/backups", {**body, "root": "x" * 44}).status == 400
    alice.post("/backups", body).ok()

    (folder / "troth.db").write_bytes((folder / "troth.db").read_bytes() + b"x")
    failed = hers("backup", folder, "--drilled", check=False)
    assert failed.returncode != 0 and "noted" not in failed.stdout
    server.stop_and_audit()


def test_a_backup_is_made_although_nobody_can_be_told(late, tmp_path):
    server, alice = late
    folder = tmp_path / "backup"
    environment = {**os.environ, **server.environment, "TROTH_CONFIG": str(tmp_path / "nobody.json")}
    done = lab.run(lab.program("troth"), "backup", str(folder), "--config", str(server.config_file),
                   env=environment)
    assert (folder / "SHA256SUMS").exists()
    assert f"troth backup {folder} --note" in done.stderr
    cli = alice.command_line(tmp_path / "alice")
    assert "noted: made" in cli("backup", folder, "--note").stdout
    server.stop_and_audit()
