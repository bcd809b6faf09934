"""Acts that take two people (design 5): asked for, signed by people with their own keys over the bytes of
what exactly will run, countersigned by the signer, run once. And the attacks on that."""

import base64
import json
import re
import signal

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import lab

PREFIX = b"troth-approval-1\n"


def waiting(answer):
    """The request of an answer that must be one."""
    assert answer.status == 202, answer
    return answer.json


def signature_over(operator, body):
    return base64.b64encode(operator.key.sign(PREFIX + body, ec.ECDSA(hashes.SHA256()))).decode()


def fetch(operator, number):
    return operator.get(f"/approvals/{number}").ok()


def body_of(operator, number):
    return base64.b64decode(fetch(operator, number)["body"])


def sign(operator, number, body=None):
    body = body_of(operator, number) if body is None else body
    return operator.post(f"/approvals/{number}/sign", {"signature": signature_over(operator, body)})


def becomes(operator, number, state):
    assert lab.eventually(lambda: fetch(operator, number)["state"] == state), fetch(operator, number)


def number_of(operator, name):
    return next(one["id"] for one in operator.pages("/operators") if one["name"] == name)


def make_approver(asker, name, signers):
    """Asked for by one, signed by others; done once the signer said so."""
    request = waiting(asker.post(f"/operators/{number_of(asker, name)}/approver", {"on": True}))
    for signer in signers:
        sign(signer, request["approval"]).ok()
    becomes(asker, request["approval"], "executed")


class People:
    """Alice, Bob and Carol, admins of one server; the first two approve."""

    def __init__(self, server):
        self.server = server
        self.alice = server.bootstrap()
        self.prepare()
        self.bob = self.alice.add_operator("bob", "admin")
        self.carol = self.alice.add_operator("carol", "admin")
        make_approver(self.alice, "alice", [self.alice])
        make_approver(self.alice, "bob", [self.alice])

    def prepare(self):
        """What Alice does alone, while there are no two approvers."""

    def ask(self, name="pump"):
        """Alice asks for a product; the request."""
        return waiting(self.alice.post("/products", {"name": name}))

    def audit(self, verb):
        words = (lab.program("trothd"), "audit", verb, "--config", str(self.server.config_file))
        assert lab.eventually(lambda: lab.run(*words, check=False).returncode == 0), lab.run(*words)

    def products(self):
        return [one["name"] for one in self.alice.pages("/products")]

    def ran(self):
        """Names of what was asked for and ran."""
        return self.products()


class PolicyPeople(People):
    """The same, asking for policies."""

    def prepare(self):
        for name in ("pump", "one", "two"):
            self.alice.add_product(name)

    def ask(self, name="pump"):
        body = {"product": name, "settings": {"renew-by": "90"}, "effects": {"TD-25": "quarantine"}}
        return waiting(self.alice.post("/policies", body))

    def ran(self):
        return [one["product"] for one in self.alice.pages("/policies")]


@pytest.fixture
def people(troth):
    return People(troth)


@pytest.fixture(params=[People, PolicyPeople], ids=["product", "policy"])
def attacked(request, troth):
    """Requests for a product and for a policy meet the same attacks; the ledger is whole after them."""
    people = request.param(troth)
    yield people
    people.audit("verify")
    people.audit("replay")


def test_one_alone_acts_until_there_are_two_approvers(troth):
    alice = troth.bootstrap()
    alice.add_operator("bob", "admin")
    alice.add_product("before")
    make_approver(alice, "alice", [alice])
    alice.add_product("still")
    make_approver(alice, "bob", [alice])
    waiting(alice.post("/products", {"name": "after"}))
    assert [one["name"] for one in alice.pages("/products")] == ["before", "still"]


def test_an_act_runs_when_another_approver_has_signed(people):
    request = people.ask()
    number = request["approval"]
    assert fetch(people.bob, number)["requester"] == "alice"
    sign(people.alice, number).ok()
    assert people.products() == []
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")
    assert people.products() == ["pump"]
    assert fetch(people.bob, number)["signers"] == "alice, bob"
    people.audit("replay")


def test_whoever_is_no_approver_signs_nothing_and_asks_for_two_others(people):
    number = people.ask()["approval"]
    sign(people.carol, number).problem(403, "E2002")
    carols = waiting(people.carol.post("/products", {"name": "hers"}))["approval"]
    sign(people.carol, carols).ok()  # she asks; that counts for nothing
    sign(people.bob, carols).ok()
    assert people.products() == []
    sign(people.alice, carols).ok()
    becomes(people.carol, carols, "executed")
    assert people.products() == ["hers"]


def test_an_approver_has_no_owner_scope(troth):
    alice = troth.bootstrap()
    alice.add_operator("adam", "admin", scope="acme")
    adam, bob = number_of(alice, "adam"), alice.add_operator("bob", "admin") and number_of(alice, "bob")
    said = alice.post(f"/operators/{adam}/approver", {"on": True}).problem(409, "E4002")["detail"]
    assert "acme" in said and "wanted one without" in said
    make_approver(alice, "alice", [alice])
    make_approver(alice, "bob", [alice])
    assert "approver" in alice.post(f"/operators/{bob}", {"scope": "acme"}).problem(409, "E4002")["detail"]
    assert [one["name"] for one in alice.pages("/operators") if one["approver"]] == ["alice", "bob"]


def test_an_operator_is_added_by_two_and_gets_his_certificate(people):
    key = lab.make_key()
    ask = {"name": "dave", "role": "viewer", "csr": lab.csr_pem(lab.make_csr(key))}
    number = waiting(people.alice.post("/operators", ask))["approval"]
    sign(people.alice, number).ok()
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")
    answer = people.alice.post("/operators", ask).ok()  # the same again: the certificate that he has
    certificate = lab.x509.load_pem_x509_certificate(answer["certificate"].encode())
    dave = lab.Operator(people.server, key, certificate)
    assert dave.get("/status").ok()["operator"]["role"] == "viewer"


@pytest.mark.parametrize("act", ["permit", "anchor", "policy"])
def test_every_kind_waits_and_runs(people, act):
    number = people.ask()["approval"]
    sign(people.alice, number).ok()
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")
    people.alice.import_devices("pump", {"P-1": None})
    people.alice.set("pump", "P-1", "retire").ok()
    root = lab.make_key()
    anchor = lab.make_certificate(root, common_name="maker", is_ca=True)
    path, body = {
        "permit": ("/permits", {"product": "pump", "serial": "P-1"}),
        "anchor": ("/anchors", {"product": "pump", "certificate": lab.certificate_pem(anchor)}),
        "policy": ("/products/pump", {"grace_s": 86400}),
    }[act]
    people.alice.post(path, body, dry_run="true").ok()  # says what it would do, and asks nobody
    number = waiting(people.alice.post(path, body))["approval"]
    sign(people.bob, number).ok()
    sign(people.alice, number).ok()
    becomes(people.bob, number, "executed")
    people.audit("verify")


def test_what_waits_survives_a_restart(people):
    number = people.ask()["approval"]
    sign(people.alice, number).ok()
    people.server.stop()
    people.server.start()
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")


def test_a_request_that_was_withdrawn_is_over(people):
    number = people.ask()["approval"]
    sign(people.alice, number).ok()
    people.carol.post(f"/approvals/{number}/withdraw").problem(403, "E2002")
    people.bob.post(f"/approvals/{number}/withdraw").ok()
    sign(people.bob, number, b"whatever").problem(409, "E4002")
    assert people.products() == []


# ---- six attacks -------------------------------------------------------------------------------


def test_attack_replayed(attacked):
    """A signature on one request is none on another, and one request runs once."""
    first = attacked.ask("one")["approval"]
    body = body_of(attacked.alice, first)
    sign(attacked.alice, first).ok()
    sign(attacked.bob, first).ok()
    becomes(attacked.bob, first, "executed")
    sign(attacked.bob, first, body).problem(409, "E4002")
    second = attacked.ask("two")["approval"]
    sign(attacked.bob, second, body).problem(400, "E6002")
    sign(attacked.alice, second).ok()
    assert attacked.ran() == ["one"]


def test_attack_swapped(attacked):
    """Other bytes than those that were asked for: also by one bit."""
    number = attacked.ask()["approval"]
    body = bytearray(body_of(attacked.alice, number))
    body[body.index(b"pump")] ^= 1
    sign(attacked.bob, number, bytes(body)).problem(400, "E6002")
    sign(attacked.alice, number).ok()
    assert attacked.ran() == []


def test_attack_expired(attacked):
    """What waited too long runs no more, whoever signs it then."""
    server = attacked.server
    server.config["limits"] = {"approval_s": 1}
    server.config_file.write_text(json.dumps(server.config))
    server.process.send_signal(signal.SIGHUP)
    assert lab.eventually(lambda: "event=reloaded" in server.log(), 20), server.log()
    number = attacked.ask()["approval"]
    becomes(attacked.alice, number, "expired")
    sign(attacked.bob, number).problem(409, "E4002")
    assert attacked.ran() == []


def test_attack_self(attacked):
    """Who asks does not approve by himself, however often he signs."""
    number = attacked.ask()["approval"]
    sign(attacked.alice, number).ok()
    assert sign(attacked.alice, number).ok()["unchanged"] == 1
    assert fetch(attacked.alice, number)["signatures"] == 1
    assert attacked.ran() == []


def test_attack_same_person_with_two_keys(attacked):
    """A second key of hers, which is an operator's of its own, makes Alice no second person: it is no
    approver's without the others, and she cannot make it one alone."""
    key = lab.make_key()
    ask = {"name": "alice2", "role": "admin", "csr": lab.csr_pem(lab.make_csr(key))}
    added = waiting(attacked.alice.post("/operators", ask))["approval"]
    sign(attacked.alice, added).ok()
    sign(attacked.bob, added).ok()
    becomes(attacked.bob, added, "executed")
    certificate = attacked.alice.post("/operators", ask).ok()["certificate"]
    twin = lab.Operator(attacked.server, key, lab.x509.load_pem_x509_certificate(certificate.encode()))
    number = attacked.ask()["approval"]
    sign(attacked.alice, number).ok()
    sign(twin, number).problem(403, "E2002")
    grab = waiting(attacked.alice.post(f"/operators/{number_of(attacked.alice, 'alice2')}/approver",
                                       {"on": True}))["approval"]
    sign(attacked.alice, grab).ok()
    sign(twin, grab).problem(403, "E2002")
    assert attacked.ran() == []
    assert fetch(attacked.alice, grab)["state"] == "open"


def test_attack_approver_removed_meanwhile(attacked):
    """What Bob signed while he was an approver counts no more once he is not."""
    number = attacked.ask()["approval"]
    sign(attacked.bob, number).ok()
    make_approver(attacked.alice, "carol", [attacked.alice, attacked.bob])
    gone = waiting(attacked.alice.post(f"/operators/{number_of(attacked.alice, 'bob')}/approver",
                                       {"on": False}))["approval"]
    sign(attacked.alice, gone).ok()
    sign(attacked.carol, gone).ok()
    becomes(attacked.alice, gone, "executed")
    sign(attacked.alice, number).ok()  # with Bob's there are two signatures, of one approver
    assert fetch(attacked.alice, number)["signatures"] == 2
    assert fetch(attacked.alice, number)["state"] == "open"
    assert attacked.ran() == []
    sign(attacked.carol, number).ok()
    becomes(attacked.alice, number, "executed")


def test_attack_second_approver_revoked_by_the_first(attacked):
    """Who ends the other approver's certificate, alone and at once, does not become the only one."""
    attacked.alice.post(f"/certificates/{lab.serial_hex(attacked.bob.chain[0])}/revoke").ok()
    attacked.ask("one")
    number = attacked.ask()["approval"]
    sign(attacked.alice, number).ok()
    attacked.server.stop()
    attacked.server.start()
    waiting(attacked.alice.post("/products", {"name": "other"}))
    assert attacked.ran() == []


def test_the_right_of_one_who_was_revoked_is_ended_by_two(people):
    make_approver(people.alice, "carol", [people.alice, people.bob])
    people.alice.post(f"/certificates/{lab.serial_hex(people.bob.chain[0])}/revoke").ok()
    gone = waiting(people.alice.post(f"/operators/{number_of(people.alice, 'bob')}/approver",
                                     {"on": False}))["approval"]
    sign(people.alice, gone).ok()
    sign(people.carol, gone).ok()
    becomes(people.alice, gone, "executed")
    people.audit("verify")


# ---- the command -------------------------------------------------------------------------------


def test_people_see_what_they_sign(people, tmp_path):
    """`troth` shows what the signed bytes say, before and after, and how much it touches."""
    alice, bob = (one.command_line(tmp_path / name)
                  for one, name in ((people.alice, "alice"), (people.bob, "bob")))
    said = alice("product", "add", "pump", "--grace", "30d").stdout
    assert "product_add" in said and "with     name = pump" in said
    assert "it waits for another approver: troth approval sign" in said
    number = fetch(people.alice, max(one["id"] for one in people.alice.pages("/approvals")))["id"]
    assert "alice" in alice("approval", "list").stdout
    said = bob("approval", "sign", number).stdout
    assert f"approval {number}: executed" in said

    (tmp_path / "bytes").write_bytes(body_of(people.alice, number))
    said = bob("approval", "sign", "--file", tmp_path / "bytes", "--out", tmp_path / "line").stdout
    assert "with     name = pump" in said
    key, signature = (tmp_path / "line").read_text().split()
    assert key == lab.spki_hash(people.bob.key)
    people.bob.key.public_key().verify(base64.b64decode(signature),
                                       PREFIX + body_of(people.alice, number), ec.ECDSA(hashes.SHA256()))
    (tmp_path / "bytes").write_bytes(body_of(people.alice, number) + b"\0")
    bob("approval", "sign", "--file", tmp_path / "bytes", "--out", tmp_path / "none", check=False)
    assert not (tmp_path / "none").exists()

    alice("product", "set", "pump", "--grace", "60d")
    number += 1
    said = bob("approval", "show", number).stdout
    assert re.search(r"changes  product \d+ grace_s: 2592000 -> 5184000", said), said
    bob("approval", "sign", number)
    assert people.alice.get("/products").ok()["items"][0]["grace_s"] == 60 * 86400
    gone = bob("approval", "sign", number, check=False)
    assert gone.returncode == 9 and "executed" in gone.stderr
    assert bob("approval", "show", 99, check=False).returncode == 7
    said = alice("operator", "approver", number_of(people.alice, "carol"), "on").stdout
    assert "name = carol" in said and "touches  changed = 1" in said
