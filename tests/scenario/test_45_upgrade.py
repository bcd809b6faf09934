"""Upgrades: this server on the previous version's folder while its fleet goes on, and the previous agent
on this server. The previous version is built from its commit, so that nothing here imitates it."""

import os
import shutil
import sqlite3
import subprocess

import pytest

import contract
import lab
import test_36_rollover as rollover

PREVIOUS = "1463627d150f80b2e12f6463254cd0fbb977827a"  # schema 0001 alone
UNREACHABLE = 8
PRODUCT = "meter"


@pytest.fixture(scope="module")
def previous(tmp_path_factory):
    """A build folder of the previous version."""
    there = subprocess.run(["git", "-C", str(lab.SOURCE), "cat-file", "-e", f"{PREVIOUS}^{{commit}}"],
                           capture_output=True, check=False)
    if there.returncode != 0:
        pytest.skip(f"no commit {PREVIOUS[:7]} here: a shallow clone, or no clone at all")
    folder = tmp_path_factory.mktemp("previous")
    source, build = folder / "source", folder / "build"
    source.mkdir()
    lab.run("git", "-C", str(lab.SOURCE), "archive", "-o", str(folder / "source.tar"), PREVIOUS)
    lab.run("tar", "-xf", str(folder / "source.tar"), "-C", str(source))
    ccache = "ccache " if shutil.which("ccache") else ""
    lab.run("meson", "setup", "-Dtests=false", "-Doptimization=1", str(build), str(source),
            env={**os.environ, "CC": f"{ccache}gcc"})
    subprocess.run(["ninja", "-C", str(build), "trothd", "troth-agent"], check=True, timeout=300,
                   stdout=subprocess.DEVNULL)
    return build


class Device:
    """A device whose agent is the one of `build`: an upgrade of the agent is another build."""

    def __init__(self, server, serial, build):
        self.server, self.serial, self.build = server, serial, build
        self.folder, self.factory = server.scratch(), lab.make_key()

    def run(self, verb, *arguments):
        return lab.run(str(self.build / "troth-agent"), verb, "--state", str(self.folder),
                       "--server", f"https://localhost:{self.server.ports['device']}",
                       "--product", PRODUCT, *map(str, arguments), check=False)

    def enrol(self):
        key = self.server.scratch()
        key.write_bytes(lab.key_pem(self.factory))
        key.chmod(0o600)
        done = self.run("enrol", "--anchor", self.server.root_pem, "--serial", self.serial,
                        "--key", key)
        assert done.returncode == 0, done.stderr
        return self

    def certificate(self):
        return lab.x509.load_pem_x509_certificate(
            (self.folder / "current" / "certificate.pem").read_bytes())

    def owners(self):
        name = self.certificate().subject
        return [one.value for one in name.get_attributes_for_oid(lab.x509.NameOID.ORGANIZATION_NAME)]

    def renew(self):
        before = self.certificate()
        done = self.run("renew")
        assert done.returncode == 0, done.stderr
        assert self.certificate().serial_number != before.serial_number
        assert lab.spki_hash(self.certificate()) != lab.spki_hash(before)


def schema_of(server):
    """The one database that has devices, and its schema's number."""
    found = []
    for path in (server.folder / "data").rglob("*"):
        if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3":
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
                if "device" in tables:
                    found += database.execute("PRAGMA user_version").fetchone()
    number, = found
    return number


@pytest.fixture
def running_fleet(tmp_path, previous, monkeypatch):
    """The previous server with three devices that the previous agent enrolled."""
    current = lab.BUILD
    monkeypatch.setattr(lab, "BUILD", previous)
    server = lab.Server(tmp_path / "troth").init()
    try:
        server.start()
        devices = [Device(server, f"SN-{number}", previous) for number in range(3)]
        late = Device(server, "SN-late", previous)
        with monkeypatch.context() as only:  # today's contract does not describe the previous server's answers
            only.setattr(contract, "check", lambda *_: None)
            alice = server.bootstrap()
            alice.add_product(PRODUCT)
            owned, *others = devices
            alice.import_devices(PRODUCT, {owned.serial: owned.factory}, owner="harbour")
            alice.import_devices(PRODUCT, {one.serial: one.factory for one in [*others, late]})
        for one in devices:
            one.enrol()
        yield server, devices, late, current
    finally:
        server.kill()


def test_the_fleet_goes_on_over_an_upgrade(running_fleet, previous, monkeypatch):
    server, (old, upgraded, retired), late, current = running_fleet
    before = schema_of(server)
    server.stop()
    assert old.run("renew").returncode == UNREACHABLE  # in the middle of the upgrade

    monkeypatch.setattr(lab, "BUILD", current)
    server.start()
    assert schema_of(server) > before
    alice = server.first  # certificate and key of before
    assert lab.eventually(lambda: {one["state"] for one in alice.pages("/devices", product=PRODUCT)
                                   if one["serial"] != late.serial} == {"active"})

    # A sweep judged what the previous version never did, although nobody acted since: its schema has no instant of it.
    assert lab.eventually(lambda: alice.get("/status").ok()["sweep"] == {"left": 0, "began": None})
    owed = {(one["check"], one["serial"]) for one in alice.pages("/findings")}
    assert {("TD-36", one.serial) for one in (upgraded, retired)} <= owed

    # What the previous version certified names no owner; a renewal asks for those names and gets him beside them.
    assert old.owners() == []
    old.renew()
    assert old.owners() == ["harbour"]
    old.renew()
    upgraded.build = current
    upgraded.renew()
    upgraded.renew()
    late.enrol().renew()
    alice.set(PRODUCT, retired.serial, "retire").ok()
    assert retired.run("renew").returncode == 5
    server.stop_and_audit()

    # No way back: the previous server does not touch what it does not know.
    done = lab.run(str(previous / "trothd"), "serve", "--config", str(server.config_file),
                   check=False, cwd=server.folder)
    assert done.returncode != 0
    assert "E7004" in done.stderr


def test_an_agent_one_version_older_on_a_server_of_today(troth, alice, previous):
    alice.add_product(PRODUCT)
    device = Device(troth, "SN-1", previous)
    alice.import_devices(PRODUCT, {device.serial: device.factory})
    device.enrol().renew()
    device.renew()
    assert lab.eventually(lambda: alice.state(PRODUCT, device.serial) == "active")


def test_an_agent_one_version_older_renews_below_a_root_that_followed(troth, alice, previous):
    """By the link, since it knows no other root: as long as its own one has not retired."""
    alice.add_product(PRODUCT)
    device = Device(troth, "SN-1", previous)
    alice.import_devices(PRODUCT, {device.serial: device.factory})
    device.enrol()
    roots = rollover.Roots(troth, alice)
    roots.add().ok()
    device.renew()
    made = roots.follow()
    for _ in range(2):
        device.renew()
        shown = alice.get(f"/certificates/{lab.serial_hex(device.certificate())}").ok()
        assert shown["issuer"] == made["ldevid"]
    assert lab.eventually(lambda: rollover.named(alice, 3) == [])
