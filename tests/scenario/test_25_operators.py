"""Operators from the first day to the last: asked for, scoped, renewed, removed; and who they are to `troth`."""

import json
import os

import pytest

import lab
from test_21_approvals import becomes, make_approver, number_of, sign, waiting


class Troth:
    """The program with a folder of its own for profile, keys and requests."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.config = folder / "config.json"
        folder.mkdir()

    def __call__(self, *words, status=0, **environment):
        done = lab.run(lab.program("troth"), *map(str, words), check=False,
                       env={**os.environ, "TROTH_CONFIG": str(self.config), **environment})
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *words):
        return json.loads(self(*words, "--json").stdout)

    def profile(self):
        return json.loads(self.config.read_text())

    def login(self, name):
        return self("login", "--server", f"https://localhost:{self.server.ports['operator']}",
                    "--certificate", self.folder / f"{name}.pem", "--key",
                    self.folder / f"{name}.key", "--root", self.server.root_pem)


@pytest.fixture
def alice(troth, tmp_path):
    program = Troth(troth, tmp_path / "alice")
    program("operator", "bootstrap", "alice", "--socket", troth.folder / "local.sock", "--server",
            f"https://localhost:{troth.ports['operator']}")
    return program


def join(alice, name, role, *options):
    """Somebody new: his own request, her certificate for it, his login."""
    person = Troth(alice.server, alice.folder.parent / name)
    person("operator", "request", name, "--out", person.folder / f"{name}.csr")
    alice("operator", "add", name, "--role", role, "--csr", person.folder / f"{name}.csr", "--out",
          person.folder / f"{name}.pem", *options)
    person.login(name)
    return person


def number(alice, name):
    return alice.json("operator", "show", name)["id"]


def test_a_person_makes_his_key_himself_and_sees_who_he_is(alice):
    bob = join(alice, "bob", "operator", "--scope", "acme")
    assert (bob.folder / "bob.key").stat().st_mode & 0o777 == 0o600
    said = bob("whoami").stdout
    for line in ("operator    bob", "role        operator", "scope       acme"):
        assert line in said
    assert bob.json("whoami")["certificate_ends_s"] > 0
    assert "until" in said and bob("whoami").stderr == ""
    bob("logout")
    assert not bob.config.exists() and (bob.folder / "bob.key").exists()
    bob("whoami", status=2)
    bob("logout")  # twice is no failure


def test_role_and_scope_change_for_others_only(alice):
    bob = join(alice, "bob", "viewer")
    bob("product", "add", "pump", status=6)
    bob("operator", "role", number(alice, "alice"), "--role", "viewer", status=6)
    alice("operator", "role", number(alice, "bob"), "--role", "admin")
    bob("product", "add", "pump")
    alice("operator", "role", number(alice, "bob"), "--scope", "acme", "--role", "operator")
    assert bob.json("whoami")["scope"] == "acme"
    bob("product", "add", "valve", status=6)
    alice("operator", "role", number(alice, "alice"), "--role", "viewer", status=9)
    alice("operator", "role", 99, "--role", "viewer", status=7)


def test_who_is_removed_may_nothing_more(alice):
    bob = join(alice, "bob", "admin")
    alice("operator", "remove", number(alice, "alice"), status=9)
    before = bob.json("whoami")
    alice("operator", "remove", number(alice, "bob"), "--dry-run")
    assert bob.json("whoami") == before
    alice("operator", "remove", number(alice, "bob"))
    bob("status", status=6)
    bob("product", "add", "pump", status=6)
    assert alice.json("operator", "show", "bob")["active"] is False
    assert {one["state"] for one in alice.json("cert", "list") if one["profile"] == "operator"} == {
        "current", "revoked"}


def test_renewal_is_one_command_and_ends_the_old_key(alice):
    bob = join(alice, "bob", "operator", "--scope", "acme")
    old = Troth(alice.server, alice.folder.parent / "old")
    old.config.write_text(json.dumps(bob.profile()))
    bob("operator", "renew")
    assert bob.profile()["key"] != old.profile()["key"]
    assert bob.json("whoami")["scope"] == "acme" and bob.json("whoami")["role"] == "operator"
    old("status", status=6)
    bob("operator", "renew")  # and again
    assert bob("whoami").returncode == 0
    lab.run(lab.program("trothd"), "audit", "verify", "--config",
            str(alice.server.config_file))


def test_a_renewal_whose_answer_was_lost_is_asked_for_again(troth):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "operator")
    key, other = lab.make_key(), lab.make_key()

    def renew(new):
        return bob.post("/operators/me/renew", {"csr": lab.csr_pem(lab.make_csr(new))}).ok()

    first = renew(key)
    assert renew(key)["certificate"] == first["certificate"]
    bob.get("/status").ok()  # the old key still works: the new one was never used
    second = renew(other)  # the first new key was lost before its use
    voided = lab.Operator(troth, key, lab.x509.load_pem_x509_certificate(
        first["certificate"].encode()))
    voided.get("/status").problem(403, "E2002")
    renewed = lab.Operator(troth, other, lab.x509.load_pem_x509_certificate(
        second["certificate"].encode()))
    bob.post("/operators/me/settle").ok()  # the old key ends no newer one
    assert renewed.post("/operators/me/settle").ok()["changed"] == 1
    bob.get("/status").problem(403, "E2002")
    renewed.get("/status").ok()
    alice.post("/operators/me/renew", {"csr": lab.csr_pem(lab.make_csr(other))}).problem(403,
                                                                                        "E3006")


def test_an_approver_keeps_his_key_and_a_role_takes_two(troth, tmp_path):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "admin")
    alice.add_operator("carol", "viewer")
    make_approver(alice, "alice", [alice])
    make_approver(alice, "bob", [alice])
    csr = lab.csr_pem(lab.make_csr(lab.make_key()))
    bob.post("/operators/me/renew", {"csr": csr}).problem(403, "E3020")
    folder = Troth(troth, tmp_path / "bob")
    (folder.folder / "bob.key").write_bytes(lab.key_pem(bob.key))
    (folder.folder / "bob.key").chmod(0o600)
    (folder.folder / "bob.pem").write_text(lab.certificate_pem(bob.chain[0]))
    folder.login("bob")
    assert "over the same key" in folder("operator", "renew").stdout
    assert (folder.folder / "bob.pem").read_text() != lab.certificate_pem(bob.chain[0])
    alice.post(f"/operators/{number_of(alice, 'bob')}/remove").problem(403, "E3020")
    carol = number_of(alice, "carol")
    role = waiting(alice.post(f"/operators/{carol}", {"role": "admin"}))["approval"]
    sign(alice, role).ok()
    sign(bob, role).ok()
    becomes(alice, role, "executed")
    assert [one["role"] for one in alice.pages("/operators") if one["id"] == carol] == ["admin"]
    alice.post(f"/operators/{carol}/remove").ok()  # whoever approves nothing goes at once


def test_a_certificate_that_ends_soon_is_warned_of(faulty, tmp_path):
    alice = Troth(faulty, tmp_path / "alice")
    alice("operator", "bootstrap", "alice", "--socket", faulty.folder / "local.sock", "--server",
          f"https://localhost:{faulty.ports['operator']}")
    assert "warning" not in alice("status").stderr
    faulty.control.wall_offset_s = 340 * 86400
    assert "renew it: troth operator renew" in alice("whoami", status=8,
                                                     **faulty.environment).stderr
