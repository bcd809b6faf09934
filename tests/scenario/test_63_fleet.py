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
    for event in (5, 10, 16, 17, 18, 20, 21, 30, 41, 42, 87, 96, 105, 106, 107, 111):  # ledger/events.def
        assert words.get(event, 0) > 0, (event, words)
    assert words[10] == said["devices"] == DEVICES
    states = dict(rows(folder, "SELECT state, count(*) FROM device GROUP BY state"))
    assert states[3] > DEVICES * 0.8 and states[6] > 0, states  # active, retired
    (first, last), = rows(folder, "SELECT min(at), max(at) FROM entry")
    assert 3 * 365 * DAY_S - 10 * DAY_S < last - first <= 3 * 365 * DAY_S
    owners = collections.Counter(owner for owner, in rows(folder, "SELECT owner FROM device"))
    (_, most), *_, (_, least) = owners.most_common()
    assert most > 10 * least


def test_as_many_findings_are_open_as_were_asked_for(fleet):
    folder, said = fleet
    (open_now,), = rows(folder, "SELECT count(*) FROM finding WHERE ifnull(closed_at, 0) = 0")
    assert open_now == said["open"]
    assert FINDINGS * 0.75 < open_now < FINDINGS * 1.25
    (closed,), = rows(folder, "SELECT count(*) FROM finding WHERE closed_at > recorded_at")
    assert closed > FINDINGS / 4


def test_nothing_that_was_asked_for_was_refused(fleet):
    assert fleet[1]["refused"] < DEVICES / 100


class Fleet:
    """A server on a copy of the fleet, and its operator."""

    def __init__(self, made, folder):
        self.folder = folder / "server"
        shutil.copytree(made, self.folder)
        self.server = lab.Server(self.folder)
        self.server.config_file.write_text(json.dumps(self.server.config))
        self.environment = dict(os.environ, TROTH_CONFIG=str(folder / "profile" / "config.json"))

    def start(self):
        self.server.start()
        self.troth("login", "--server", f"https://localhost:{self.server.ports['operator']}",
                   "--certificate", self.folder / "data/operator/certificate.pem",
                   "--key", self.folder / "data/operator/key.pem", "--root", self.folder / "data/ca/root.pem")

    def troth(self, *words):
        return lab.run(lab.program("troth"), *words, env=self.environment).stdout

    def list(self, *words):
        return json.loads(self.troth(*words, "--json"))

    def rows(self, sql):
        return rows(self.folder, sql)


@pytest.fixture(scope="module", name="running")
def run_one(fleet, tmp_path_factory):
    one = Fleet(fleet[0], tmp_path_factory.mktemp("running"))
    try:
        one.start()
        yield one
    finally:
        one.server.kill()


def serials(listed):
    return [one["serial"] for one in listed]


@pytest.mark.parametrize("words, where", [
    ((), "1"),
    (("--product", "meter"), "p.name = 'meter'"),
    (("--owner", "owner-001"), "d.owner = 'owner-001'"),
    (("--state", "retired"), "d.state = 6"),
    (("--state", "retired", "--owner", "owner-001"), "d.state = 6 AND d.owner = 'owner-001'"),
    (("--serial", "MTR"), "d.serial_number LIKE 'MTR%'"),
    (("--serial", "GTW0", "--state", "active"), "d.serial_number LIKE 'GTW0%' AND d.state = 3"),
    (("--serial", "nobody"), "0"),
])
def test_devices_are_listed_along_an_index(running, words, where):
    listed = running.list("device", "list", *words)
    wanted = running.rows("SELECT d.serial_number FROM device d JOIN product p ON p.id = d.product"
                          f" WHERE {where}")
    assert sorted(serials(listed)) == sorted(serial for serial, in wanted)
    if "--serial" in words:
        assert serials(listed) == sorted(serials(listed))


def test_a_batch_is_listed(running):
    (batch, count), = running.rows("SELECT batch, count(*) FROM device GROUP BY batch ORDER BY 2 DESC LIMIT 1")
    listed = running.list("device", "list", "--batch", batch)
    assert len(listed) == count
    assert {one["batch"] for one in listed} == {batch}


@pytest.mark.parametrize("words, where", [
    (("--product", "meter"), "p.name = 'meter'"),
    (("--state", "superseded"), "c.state = 3"),
    (("--state", "superseded", "--product", "camera"), "c.state = 3 AND p.name = 'camera'"),
    (("--state", "current"), "c.state = 2"),
])
def test_certificates_are_listed_along_an_index(running, words, where):
    listed = running.list("cert", "list", *words)
    wanted = running.rows("SELECT lower(hex(c.serial)) FROM certificate c LEFT JOIN device d ON d.id = c.device"
                          f" LEFT JOIN product p ON p.id = d.product WHERE {where}")
    assert sorted(one["serial"] for one in listed) == sorted(serial for serial, in wanted)


@pytest.mark.parametrize("words, where", [
    ((), "1"),
    (("--check", "TD-08"), "check_id = 8"),
    (("--severity", "high"), "severity = 3"),
    (("--owner", "owner-001"), "owner = 'owner-001'"),
    (("--owner", "owner-002", "--check", "TD-08"), "owner = 'owner-002' AND check_id = 8"),
    (("--product", "meter"), "product = (SELECT id FROM product WHERE name = 'meter')"),
])
def test_open_findings_are_listed_the_oldest_first(running, words, where):
    listed = running.list("finding", "list", *words)
    wanted = running.rows("SELECT id FROM finding WHERE ifnull(closed_at, 0) = 0 AND"
                          f" {where} ORDER BY began_at, id")
    assert [one["id"] for one in listed] == [number for number, in wanted]
    assert len(wanted) > 0


def test_the_overview_says_what_there_is(running):
    status = json.loads(running.troth("status", "--json"))
    words = {"expected": 1, "enrolled": 2, "active": 3, "quarantined": 4, "lost": 5, "retired": 6}
    states = dict(running.rows("SELECT state, count(*) FROM device GROUP BY state"))
    assert {words[word]: count for word, count in status["devices"].items()} == states
    assert sum(status["certificates"].values()) == running.rows("SELECT count(*) FROM certificate")[0][0]
    assert sum(status["findings"].values()) == running.rows(
        "SELECT count(*) FROM finding WHERE ifnull(closed_at, 0) = 0")[0][0]


def test_who_needs_an_issuer_is_counted_without_a_look_at_all(running):
    now = int(time.time())
    needed = running.rows(
        "SELECT count(DISTINCT c.device) FROM certificate c JOIN device d ON d.id = c.device JOIN product p"
        " ON p.id = d.product WHERE c.issuer = 3 AND c.state IN (1, 2)"
        f" AND c.not_after + ifnull(p.grace_s, 0) >= {now}")
    listed = {one["kind"]: one for one in running.list("issuer", "list")}
    assert [(listed["ldevid"]["devices"],)] == needed
    assert listed["operations"]["devices"] == 0


def test_the_server_starts_on_it_and_the_audit_accepts_it(fleet, tmp_path):
    one = Fleet(fleet[0], tmp_path)
    try:
        one.start()
        assert lab.eventually((one.folder / "public" / "checkpoint").exists)
        one.server.stop()
    finally:
        one.server.kill()
    assert "all as the ledger says" in audit(one.folder, "verify")
    assert "the tables are what replay makes of the entries" in audit(one.folder, "replay")
