"""troth rehearse: who depends on an issuer, an anchor or a product, who would be refused, who cannot
come, how long a re-issue takes; and that asking changes nothing."""

import hashlib
import sqlite3
import time

import pytest

import lab

# Written by the server on its own account, whoever asks or does not.
OWN_TABLES = {"note", "crl", "meta", "tile"}


def database(server):
    return sqlite3.connect(f"file:{server.folder}/data/store/troth.db?mode=ro", uri=True)


def contents(server):
    """A digest of every row of every table that only a verb changes."""
    digest = hashlib.sha256()
    with database(server) as db:
        names = [name for name, in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for name in names:
            if name not in OWN_TABLES:
                digest.update(name.encode())
                for row in db.execute(f"SELECT * FROM {name} ORDER BY 1, 2"):  # noqa: S608
                    digest.update(repr(row).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def fleet(shared):
    """Three devices with factory keys of acme, one of bolt by token alone; all have used their
    certificates. -> alice"""
    alice = shared.first
    alice.add_product("valve", proofs=["registered-key", "token"])
    keys = {f"V-{n}": lab.make_key() for n in range(3)}
    alice.import_devices("valve", keys, owner="acme")
    alice.import_devices("valve", {"T-1": None}, owner="bolt")
    token = alice.post("/tokens", {"product": "valve", "serial": "T-1"}).ok()["token"]
    for serial, key in keys.items():
        own = lab.Device(shared, "valve").enrol(lab.make_csr(key, serial)).certificates()
        lab.Device(shared, "valve", key, own).cacerts()
    key = lab.make_key()
    own = lab.Device(shared, "valve").enrol(
        lab.make_csr(key, "T-1"), basic=("T-1", token)).certificates()
    lab.Device(shared, "valve", key, own).cacerts()
    for serial in [*keys, "T-1"]:
        assert lab.eventually(lambda s=serial: alice.state("valve", s) == "active")
    return alice


def issuer(alice, kind):
    return next(one for one in alice.get("/issuers").ok()["items"]
                if one["kind"] == kind and one["state"] == "current")["id"]


def test_an_issuer_and_who_needs_it(shared, fleet):
    ldevid = issuer(fleet, "ldevid")
    said = fleet.get("/rehearsal", issuer=ldevid).ok()
    with database(shared) as db:
        live, = db.execute("SELECT count(*) FROM certificate WHERE issuer = ? AND device > 0"
                           " AND state IN (1, 2)", [ldevid]).fetchone()
    assert said["subject"]["kind"] == "ldevid" and said["subject"]["id"] == ldevid
    assert said["depends"] == {"devices": 4, "certificates": live, "operators": 0}
    assert said["refused"] == {"devices": 4, "without_door": 1}
    assert said["unreachable"] == {"devices": 0, "silent": 0, "expired": 0}
    assert [(one["product"], one["devices"], one["claims_an_hour"]) for one in said["products"]] \
        == [("valve", 4, 1000)]
    commands = [one["command"] for one in said["steps"]]
    assert commands[-1] == f"troth issuer retire {ldevid}"
    assert f"troth device list --issuer {ldevid}" in commands


def test_the_rate_is_the_ledgers_own(shared, fleet):
    said = fleet.get("/rehearsal", product="valve").ok()["reissue"]
    with database(shared) as db:
        most, = db.execute("SELECT max(n) FROM (SELECT count(*) AS n FROM entry WHERE event IN (20, 96)"
                           " GROUP BY at / 60)").fetchone()
    assert said["busiest_minute"] == most > 0
    assert said["planned_s"] >= -(-4 * 60 // most)
    assert said["sudden_s"] >= said["planned_s"]


def test_operators_depend_on_theirs_and_on_the_root(fleet):
    said = fleet.get("/rehearsal", issuer=issuer(fleet, "operations")).ok()
    assert said["depends"]["operators"] >= 1 and said["depends"]["devices"] == 0
    assert "troth operator renew" in [one["command"] for one in said["steps"]]
    root = fleet.get("/rehearsal", issuer=issuer(fleet, "root")).ok()
    assert root["depends"]["devices"] == 4 and root["depends"]["operators"] >= 1


def test_an_anchor_and_those_who_have_nothing_else(shared, fleet):
    fleet.add_product("pump", proofs=["idevid"])
    maker, key = lab.make_key(), lab.make_key()
    root = lab.make_certificate(maker, is_ca=True, common_name="maker")
    fleet.post("/anchors", {"product": "pump", "certificate": lab.certificate_pem(root)}).ok()
    fleet.import_devices("pump", {"P-1": None, "P-2": None})
    idevid = lab.make_certificate(key, "P-1", issuer=root, issuer_key=maker)
    lab.Device(shared, "pump", key, [idevid]).enrol(lab.make_csr(lab.make_key(), "P-1")).certificates()
    anchor = next(one["id"] for one in fleet.get("/anchors").ok()["items"]
                  if one["product"] == "pump")
    said = fleet.get("/rehearsal", anchor=anchor).ok()
    assert said["subject"] == {"kind": "anchor", "id": anchor, "name": "maker"}
    assert said["depends"]["devices"] == 2
    assert said["refused"] == {"devices": 1, "without_door": 2}  # P-1 goes on by its certificate


def test_asking_changes_nothing(shared, fleet, cli):
    questions = [{"issuer": issuer(fleet, "ldevid")}, {"issuer": issuer(fleet, "root")},
                 {"product": "valve"}]
    size = fleet.get("/status").ok()["ledger"]["entries"]
    before = None
    while before != (before := contents(shared)):  # what came before is published
        time.sleep(1.5)
    for question in questions:
        fleet.get("/rehearsal", **question).ok()
    cli("rehearse", "--product", "valve")
    time.sleep(1.5)  # what a change would cause is published within a second
    assert contents(shared) == before
    assert fleet.get("/status").ok()["ledger"]["entries"] == size


def test_a_scope_sees_its_own(fleet):
    acme = fleet.add_operator("agnes", "viewer", "acme")
    said = acme.get("/rehearsal", issuer=issuer(fleet, "ldevid")).ok()
    assert said["depends"] == {"devices": 3, "certificates": 3, "operators": 0}
    assert said["refused"]["without_door"] == 0
    nobody = fleet.add_operator("nobody", "viewer", "nobody")
    nobody.get("/rehearsal", product="valve").problem(404, "E4001")


def test_what_cannot_be_asked(fleet):
    fleet.get("/rehearsal").problem(400, "E1002")
    fleet.get("/rehearsal", issuer=1, product="valve").problem(400, "E1002")
    fleet.get("/rehearsal", issuer="x").problem(400, "E1002")
    fleet.get("/rehearsal", anchor=0).problem(400, "E1002")
    fleet.get("/rehearsal", product="valve", owner="acme").problem(400, "E1002")
    fleet.get("/rehearsal", issuer=999).problem(404, "E4001")
    fleet.get("/rehearsal", anchor=999).problem(404, "E4001")
    fleet.get("/rehearsal", product="valves").problem(404, "E4001")
    problem = fleet.get("/rehearsal", station="line-1").problem(404, "E4055")
    assert "There are no stations" in problem["title"]


@pytest.fixture(scope="module")
def cli(fleet, tmp_path_factory):
    return fleet.command_line(tmp_path_factory.mktemp("cli") / "alice")


def test_for_people(fleet, cli):
    ldevid = issuer(fleet, "ldevid")
    said = cli("rehearse", "--issuer", ldevid).stdout
    assert "depend on it" in said and "without ldevid" in said
    assert "know no other door" in said and "What to do, first things first" in said
    assert f"troth issuer retire {ldevid}" in said
    assert cli("rehearse", check=False).returncode == 2
    refused = cli("rehearse", "--station", "line-1", check=False)
    assert refused.returncode == 7 and "E4055" in refused.stderr
    assert cli("rehearse", "--product", "valves", check=False).returncode == 7
