"""Whoever lost his key gets another certificate by an act of others: of two where two approve, the root's key as the second
where one is left, the root's key at the server where nobody is. And the attacks on that."""

import base64
import json
import signal
import time
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import lab
from test_21_approvals import (becomes, body_of, fetch, make_approver, number_of, sign, signature_over, waiting)
from test_25_operators import Troth
from test_36_rollover import Roots, restart

ROOT_PREFIX = b"troth-root-approval-1\n"


class Site:
    """A server whose operators lose keys. The lab keeps the root's key with the data."""

    def __init__(self, server, operators, approvers):
        self.server = server
        self.people = {"alice": server.bootstrap()}
        for name in operators:
            self.people[name] = self.people["alice"].add_operator(name, "admin")
        for index, name in enumerate(approvers):
            make_approver(self.people["alice"], name, [self.people[one] for one in (approvers[:index] or [name])])
        self.rows = {one["name"]: one["id"] for one in self.people["alice"].pages("/operators")}

    def __getitem__(self, name):
        return self.people[name]

    def root_key(self):
        pem = (self.server.folder / "data" / "root.pem").read_bytes()
        return serialization.load_pem_private_key(pem, b"correct horse battery staple")

    def root_signature(self, body, key=None):
        return base64.b64encode((key or self.root_key()).sign(ROOT_PREFIX + body, ec.ECDSA(hashes.SHA256()))).decode()

    def ask(self, who, name, key):
        """By an operator, or by `local`."""
        path = f"/operators/{self.rows[name]}/recover"
        body = {"csr": lab.csr_pem(lab.make_csr(key))}
        if who == "local":
            return self.server.local("POST", "/api/v1" + path, body)
        return self.people[who].post(path, body)

    def root(self, number, signature, who="local"):
        path = f"/approvals/{number}/root"
        if who == "local":
            return self.server.local("POST", "/api/v1" + path, {"signature": signature})
        return self.people[who].post(path, {"signature": signature})

    def recovered(self, name, key, by):
        """The certificate, asked for again until it is there; who he is from now on."""
        dry = {"csr": lab.csr_pem(lab.make_csr(key))}
        path = f"/operators/{self.rows[name]}/recover?dry_run=true"

        def is_there():
            answer = (self.server.local("POST", "/api/v1" + path, dry) if by == "local"
                      else self.people[by].request("POST", "/api/v1" + path, json.dumps(dry),
                                                   {"Content-Type": "application/json"}))
            return answer.status == 200 and answer.json["unchanged"] == 1
        assert lab.eventually(is_there)
        answer = self.ask(by, name, key).ok()
        certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
        return lab.Operator(self.server, key, certificate)

    def audit(self):
        time.sleep(1)
        for verb in ("verify", "replay"):
            lab.run(lab.program("trothd"), "audit", verb, "--config", str(self.server.config_file))


def lost(old, server):
    """The old key opens nothing, and is on its list as compromised."""
    assert old.get("/status").status == 403
    points = old.chain[0].extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    path = urllib.parse.urlparse(points[0].full_name[0].value).path

    def reason():
        answer = server.plain(path)
        if answer.status != 200:  # the first list of its shard is not out yet
            return None
        revoked = x509.load_der_x509_crl(answer.body).get_revoked_certificate_by_serial_number(
            old.chain[0].serial_number)
        return revoked and revoked.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert lab.eventually(reason) == x509.ReasonFlags.key_compromise


# ---- the ways -----------------------------------------------------------------------------------


def test_without_two_approvers_another_admin_recovers_at_once(troth):
    site = Site(troth, ["bob"], [])
    troth.first.post(f"/operators/{site.rows['bob']}", {"role": "operator", "scope": "acme"}).ok()
    key = lab.make_key()
    dry = site["alice"].post(f"/operators/{site.rows['bob']}/recover", {"csr": lab.csr_pem(lab.make_csr(key))},
                             dry_run="true").ok()
    assert dry["dry_run"] and "certificate" not in dry and site["bob"].get("/status").status == 200
    answer = site.ask("alice", "bob", key).ok()
    bob = lab.Operator(troth, key, x509.load_pem_x509_certificate(answer["certificate"].encode()))
    me = bob.get("/status").ok()["operator"]
    assert (me["name"], me["role"], me["scope"]) == ("bob", "operator", "acme")
    lost(site["bob"], troth)
    again = site.ask("alice", "bob", key).ok()
    assert again["unchanged"] == 1 and again["certificate"] == answer["certificate"]
    old = site["bob"].key  # lost may be stolen: it is never certified again
    site.ask("alice", "bob", old).problem(403, "E3006")
    site.audit()


def test_an_approver_is_recovered_by_two_others_and_approves_with_the_new_key(troth):
    site = Site(troth, ["bob", "carol"], ["alice", "bob", "carol"])
    key = lab.make_key()
    request = waiting(site.ask("alice", "bob", key))
    sign(site["alice"], request["approval"]).ok()
    assert fetch(site["alice"], request["approval"])["state"] == "open"
    sign(site["carol"], request["approval"]).ok()
    bob = site.recovered("bob", key, "alice")
    becomes(site["alice"], request["approval"], "executed")
    lost(site["bob"], troth)
    listed = [one for one in site["alice"].pages("/operators") if one["name"] == "bob"]
    assert [(one["active"], one["approver"]) for one in listed] == [(False, False), (True, True)]
    number = waiting(site["alice"].post("/products", {"name": "pump"}))["approval"]
    sign(site["alice"], number).ok()
    sign(bob, number).ok()
    becomes(bob, number, "executed")
    site.audit()


def test_where_one_approver_is_left_the_roots_key_is_the_second_person(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    key = lab.make_key()
    request = waiting(site.ask("alice", "bob", key))
    number = request["approval"]
    sign(site["alice"], number).ok()
    time.sleep(0.3)
    assert fetch(site["alice"], number)["state"] == "open"  # one alone cannot
    site.root(number, site.root_signature(body_of(site["alice"], number)), "alice").ok()
    bob = site.recovered("bob", key, "alice")
    lost(site["bob"], troth)
    number = waiting(bob.post("/products", {"name": "pump"}))["approval"]
    sign(site["alice"], number).ok()
    sign(bob, number).ok()
    becomes(bob, number, "executed")
    site.audit()


@pytest.mark.parametrize("approvers", [[], ["alice"], ["alice", "bob"]])
def test_the_last_operator_is_recovered_at_the_server_with_the_roots_key(troth, approvers):
    site = Site(troth, ["bob"] if "bob" in approvers else [], approvers)
    old, key = site["alice"], lab.make_key()
    request = waiting(site.ask("local", "alice", key))
    assert b"operator_recover" in base64.b64decode(request["body"])
    site.root(request["approval"], site.root_signature(base64.b64decode(request["body"]))).ok()
    alice = site.recovered("alice", key, "local")
    assert alice.get("/status").ok()["operator"]["role"] == "admin"
    lost(old, troth)
    alice.add_operator("dora", "viewer") if len(approvers) < 2 else None
    approves = [one["approver"] for one in alice.pages("/operators") if one["name"] == "alice" and one["active"]]
    assert approves == [bool(approvers)]
    site.audit()
    troth.stop()
    troth.start()
    assert alice.get("/status").status == 200


def test_the_only_approver_is_recovered_by_another_admin_and_the_roots_key(troth):
    site = Site(troth, ["bob"], ["alice"])
    key = lab.make_key()
    request = waiting(site.ask("bob", "alice", key))
    sign(site["bob"], request["approval"]).ok()  # he asked, and approves nothing
    time.sleep(0.3)
    assert fetch(site["bob"], request["approval"])["state"] == "open"
    site.root(request["approval"], site.root_signature(body_of(site["bob"], request["approval"])), "bob").ok()
    alice = site.recovered("alice", key, "bob")
    lost(site["alice"], troth)
    assert [one["approver"] for one in alice.pages("/operators") if one["active"]] == [False, True]
    site.audit()


def test_after_a_root_followed_its_key_is_the_one_that_counts(troth):
    site = Site(troth, [], [])
    roots = Roots(troth, site["alice"])
    roots.add().ok()
    restart(troth)  # the signer reads what it trusts before its sandbox
    key = lab.make_key()
    request = waiting(site.ask("local", "alice", key))
    body = base64.b64decode(request["body"])
    site.root(request["approval"], site.root_signature(body)).problem(400, "E6002")
    new = serialization.load_pem_private_key(roots.key.read_bytes(), b"the passphrase of the new root")
    site.root(request["approval"], site.root_signature(body, new)).ok()
    assert site.recovered("alice", key, "local").get("/status").status == 200


def test_the_commands_do_it_on_three_machines(troth, tmp_path):
    """Alice's own, the server, and the one without a network where the root's key is."""
    alice = Troth(troth, tmp_path / "alice")
    alice("operator", "bootstrap", "alice", "--socket", troth.folder / "local.sock", "--server",
          f"https://localhost:{troth.ports['operator']}")
    (alice.folder / "alice.key").unlink()
    (alice.folder / "alice.key").with_suffix(".gone").touch()
    alice("operator", "request", "alice", "--out", alice.folder / "new.csr")
    asked = alice("operator", "recover", 1, "--csr", alice.folder / "new.csr", "--socket", troth.folder / "local.sock",
                  "--bytes", tmp_path / "bytes")
    assert "operator_recover" in asked.stdout and "name = alice" in asked.stdout
    number = int(asked.stdout.split("approval ", 1)[1].split(":")[0])
    vault = Troth(troth, tmp_path / "vault")  # no profile here
    (vault.folder / "passphrase").write_text("correct horse battery staple\n")
    (vault.folder / "passphrase").chmod(0o600)
    shown = vault("approval", "sign", "--file", tmp_path / "bytes", "--root-key", troth.folder / "data" / "root.pem",
                  "--root-passphrase-file", vault.folder / "passphrase", "--out", tmp_path / "signature")
    assert "operator_recover" in shown.stdout and "name = alice" in shown.stdout
    alice("operator", "recover", 1, "--csr", alice.folder / "new.csr", "--socket", troth.folder / "local.sock",
          "--approval", number, "--root-signature", tmp_path / "signature", "--out", alice.folder / "alice.pem")
    alice.login("alice")
    assert alice.json("whoami")["name"] == "alice"
    alice("product", "add", "pump")


# ---- attacks ------------------------------------------------------------------------------------


def test_attack_by_oneself(troth):
    site = Site(troth, ["bob", "carol"], ["alice", "bob"])
    site.ask("bob", "bob", lab.make_key()).problem(403, "E4035")
    request = waiting(site.ask("carol", "bob", lab.make_key()))  # whoever has Bob's old key signs as Bob
    sign(site["bob"], request["approval"]).problem(403, "E4035")
    sign(site["alice"], request["approval"]).ok()
    sign(site["carol"], request["approval"]).ok()  # she asked, and approves nothing
    time.sleep(0.5)
    assert fetch(site["alice"], request["approval"])["state"] == "open"
    assert site["bob"].get("/status").status == 200


def test_attack_by_an_ended_operator(troth):
    site = Site(troth, ["bob", "carol"], [])
    site["alice"].post(f"/operators/{site.rows['carol']}/remove").ok()
    site.ask("carol", "bob", lab.make_key()).problem(403, "E2002")
    site.ask("alice", "carol", lab.make_key()).problem(404, "E4001")  # who was removed is added anew
    site["alice"].post(f"/operators/{site.rows['bob']}", {"role": "operator"}).ok()
    site.people["bob"].post(f"/operators/{site.rows['alice']}/recover",
                            {"csr": lab.csr_pem(lab.make_csr(lab.make_key()))}).problem(403, "E2002")


def test_attack_by_another_root(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    request = waiting(site.ask("local", "alice", lab.make_key()))
    body = base64.b64decode(request["body"])
    site.root(request["approval"], site.root_signature(body, lab.make_key())).problem(400, "E6002")
    site.root(request["approval"], signature_over(site["bob"], body)).problem(400, "E6002")
    plain = base64.b64encode(site.root_key().sign(b"troth-approval-1\n" + body, ec.ECDSA(hashes.SHA256()))).decode()
    site.root(request["approval"], plain).problem(400, "E6002")  # as certificates are signed, or approvals
    assert fetch(site["alice"], request["approval"])["state"] == "open"
    assert site["alice"].get("/status").status == 200


def test_attack_replayed(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    key = lab.make_key()
    request = waiting(site.ask("local", "bob", key))
    signature = site.root_signature(base64.b64decode(request["body"]))
    site.root(request["approval"], signature).ok()
    bob = site.recovered("bob", key, "local")
    site.root(request["approval"], signature).problem(409, "E4002")
    thief = lab.make_key()
    other = waiting(site.ask("local", "bob", thief))
    site.root(other["approval"], signature).problem(400, "E6002")
    assert bob.get("/status").status == 200


def test_attack_swapped(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    request = waiting(site.ask("alice", "bob", lab.make_key()))
    body = base64.b64decode(request["body"])
    swapped = body.replace(b"bob", b"eve")
    assert swapped != body
    site.root(request["approval"], site.root_signature(swapped), "alice").problem(400, "E6002")
    sign(site["alice"], request["approval"], swapped).problem(400, "E6002")


def test_attack_the_roots_key_carries_nothing_else(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    request = waiting(site["alice"].post("/products", {"name": "pump"}))
    signature = site.root_signature(base64.b64decode(request["body"]))
    site.root(request["approval"], signature, "alice").problem(403, "E4035")
    site.root(request["approval"], signature).problem(403, "E2002")  # not asked for at the socket
    site.server.local("POST", "/api/v1/bootstrap", {"name": "eve", "csr": lab.csr_pem(
        lab.make_csr(lab.make_key()))}).problem(403, "E2002")


def test_attack_expired(troth):
    site = Site(troth, [], ["alice"])
    troth.config["limits"] = {"approval_s": 1}
    troth.config_file.write_text(json.dumps(troth.config))
    troth.process.send_signal(signal.SIGHUP)
    assert lab.eventually(lambda: "event=reloaded" in troth.log(), 20), troth.log()
    request = waiting(site.ask("local", "alice", lab.make_key()))
    becomes(site["alice"], request["approval"], "expired")
    site.root(request["approval"], site.root_signature(base64.b64decode(request["body"]))).problem(409, "E4002")
    assert site["alice"].get("/status").status == 200


def test_attack_the_roots_signature_alone_away_from_the_server(troth):
    """What an operator asked for takes one of the others beside the root's key."""
    site = Site(troth, ["bob", "carol"], ["alice", "bob"])
    request = waiting(site.ask("carol", "bob", lab.make_key()))
    site.root(request["approval"], site.root_signature(base64.b64decode(request["body"])), "carol").ok()
    time.sleep(0.5)
    assert fetch(site["alice"], request["approval"])["state"] == "open"
    sign(site["alice"], request["approval"]).ok()
    becomes(site["alice"], request["approval"], "executed")


def test_another_key_of_an_approver_is_of_the_kind_that_signs(troth):
    site = Site(troth, ["bob"], ["alice", "bob"])
    site.ask("alice", "bob", ec.generate_private_key(ec.SECP384R1())).problem(403, "E3020")
    assert number_of(site["alice"], "bob") == site.rows["bob"]
