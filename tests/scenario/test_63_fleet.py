"""bench-fleet: an installation with years of history, on which the server starts and which the audit accepts."""

import collections
import json
import os
import shutil
import sqlite3
import time

import pytest

import lab

DEVICES, FINDINGS, DAY_S = 2000, 200, 86400


def make_fleet(folder, *words):
    made = lab.run(lab.program("bench/bench-fleet"), "--out", str(folder), "--devices", str(DEVICES),
                   "--findings", str(FINDINGS), *words)
    return json.loads(made.stdout)


def rows(folder, sql):
    with sqlite3.connect(f"file:{folder}/data/store/troth.db?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


def audit(folder, what):
    return lab.run(lab.program("trothd"), "audit", what, "--config", str(folder / "troth.yaml")).stdout


@pytest.fixture(scope="module", name="fleet")
def make_one(tmp_path_factory):
    """(folder, what it said) of one fleet, whose history ends now."""
    folder = tmp_path_factory.mktemp("fleet") / "made"
    return folder, make_fleet(folder, "--until", str(int(time.time())))


def test_a_seed_gives_the_same_fleet_twice_and_another_one_another(tmp_path):
    folder, until = tmp_path / "fleet", ("--until", "1800000000")
    made, dumps = [], []
    for seed in ("1", "1", "2"):
        made.append(make_fleet(folder, "--seed", seed, *until)["root"])
        dumps.append(audit(folder, "dump"))
        shutil.rmtree(folder)
    assert made[0] == made[1] != made[2]
    assert dumps[0] == dumps[1] != dumps[2]
    assert len(dumps[0].splitlines()) > 2 * DEVICES


def test_the_history_has_what_happens_to_fleets(fleet):
    folder, said = fleet
    words = dict(rows(folder, "SELECT event, count(*) FROM entry GROUP BY event"))
    for event in (5, 10, 16, 17, 18, 20, 21, 22, 30, 41, 42, 87, 96, 105, 106, 107, 109):  # ledger/events.def
        assert words.get(event, 0) > 0, (event, words)
    assert words[10] == said["devices"] == DEVICES
    states = dict(rows(folder, "SELECT state, count(*) FROM device GROUP BY state"))
    assert states[3] > DEVICES * 0.8 and states[5] > 0, states  # active, retired
    (first, last), = rows(folder, "SELECT min(at), max(at) FROM entry")
    assert 3 * 365 * DAY_S - 10 * DAY_S < last - first <= 3 * 365 * DAY_S
    owners = collections.Counter(owner for owner, in rows(folder, "SELECT owner FROM device"))
    (_, most), *_, (_, least) = owners.most_common()
    assert most > 10 * least


def test_as_many_findings_are_open_as_were_asked_for(fleet):
    folder, said = fleet
    (open_now,), = rows(folder, "SELECT count(*) FROM finding WHERE ifnull(closed_at, 0) = 0")
    assert open_now == said["open"]
    assert FINDINGS * 0.8 < open_now < FINDINGS * 1.2
    (closed,), = rows(folder, "SELECT count(*) FROM finding WHERE closed_at > recorded_at")
    assert closed > FINDINGS / 4


def test_nothing_that_was_asked_for_was_refused(fleet):
    assert fleet[1]["refused"] < DEVICES / 100


def test_the_server_starts_on_it_and_the_audit_accepts_it(fleet, tmp_path):
    folder = tmp_path / "server"
    shutil.copytree(fleet[0], folder)
    server = lab.Server(folder)
    server.config_file.write_text(json.dumps(server.config))
    try:
        server.start()
        assert lab.eventually((folder / "public" / "checkpoint").exists)
        environment = dict(os.environ, TROTH_CONFIG=str(tmp_path / "profile" / "config.json"))
        lab.run(lab.program("troth"), "login", "--server", f"https://localhost:{server.ports['operator']}",
                "--certificate", folder / "data/operator/certificate.pem", "--key",
                folder / "data/operator/key.pem", "--root", folder / "data/ca/root.pem", env=environment)
        listed = lab.run(lab.program("troth"), "device", "list", "--json", env=environment).stdout
        assert len(listed.splitlines()) > 10
        server.stop()
    finally:
        server.kill()
    assert "all as the ledger says" in audit(folder, "verify")
    assert "the tables are what replay makes of the entries" in audit(folder, "replay")
