"""A device goes to another owner: both sides sign the same bytes, either side ends it, and the device is the new owner's
with its first use of a new key. An attack each that must fail."""

import base64
import json
import subprocess
import time

import lab
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from test_21_approvals import make_approver, signature_over


class Person(lab.Operator):
    """An operator with a profile for `troth`."""

    def troth(self, *arguments):
        folder = self.server.scratch()
        folder.mkdir()
        (folder / "key.pem").write_bytes(lab.key_pem(self.key))
        (folder / "key.pem").chmod(0o600)
        (folder / "cert.pem").write_text(lab.certificate_pem(self.chain[0]))
        (folder / "config.json").write_text(json.dumps({
            "server": f"https://localhost:{self.server.ports['operator']}", "root": str(self.server.root_pem),
            "certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}))
        return lab.run(lab.program("troth"), *map(str, arguments), check=False,
                       env={"TROTH_CONFIG": str(folder / "config.json"), "PATH": "/usr/bin:/bin"})


def person(admin, name, role, scope=""):
    made = admin.add_operator(name, role, scope)
    return Person(made.server, made.key, made.chain[0])


@pytest.fixture(scope="module")
def people(shared):
    """An admin and two owners' people on a shared server."""
    admin = shared.first
    return {"admin": admin, "other": person(admin, "olga", "admin"), "seller": person(admin, "sven", "operator", "seller"),
            "buyer": person(admin, "bert", "operator", "buyer"), "third": person(admin, "tina", "operator", "third"),
            "viewer": person(admin, "vera", "viewer", "buyer")}


@pytest.fixture
def device(shared, product):
    """A device of the seller that enrolled with a registered key and was used."""
    key = lab.make_key()
    shared.first.import_devices(product, {"SN-1": key}, owner="seller")
    chain = lab.Device(shared, product).enrol(lab.make_csr(key, "SN-1")).certificates()
    first = lab.Device(shared, product, key, chain)
    assert first.cacerts().status == 200
    assert lab.eventually(lambda: shared.first.state(product, "SN-1") == "active")
    return first


def ask(who, product, to="buyer", serial="SN-1", **more):
    return who.post("/transfers", {"product": product, "serial": serial, "to": to, **more})


def sign(who, step, asked, body=None):
    number = asked.get("object", asked.get("id"))
    return who.post(f"/transfers/{number}/{step}",
                    {"signature": signature_over(who, base64.b64decode(asked["body"]) if body is None else body)})


def released(seller, product, **more):
    asked = ask(seller, product, **more).ok()
    assert sign(seller, "release", asked).ok()["state"] == "released"
    return asked


def shown(who, asked):
    return who.get(f"/transfers/{asked['object']}").ok()


def owner(admin, product, serial="SN-1"):
    return admin.show(product, serial)["device"]["owner"]


def renew(device, product, key=None):
    """A renewal, and the first use of what came."""
    key = key or lab.make_key()
    old = device.chain[0]
    csr = lab.make_csr(key, subject=old.subject, san=san_of(old))
    chain = device.enrol(csr, again=True).certificates()
    after = lab.Device(device.server, product, key, chain)
    assert after.cacerts().status == 200
    return after


def san_of(certificate):
    from cryptography import x509
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def audit(server):
    time.sleep(1)
    for verb in ("verify", "replay"):
        lab.run(lab.program("trothd"), "audit", verb, "--config", str(server.config_file))


# ---- the way ------------------------------------------------------------------------------------


def test_a_transfer_is_signed_by_both_and_done_by_the_first_use_of_a_new_key(shared, people, product, device):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    asked = released(seller, product)
    assert shown(buyer, asked)["released_by"] == "sven"
    assert asked["object"] in {one["id"] for one in buyer.pages("/transfers")}
    assert asked["object"] not in {one["id"] for one in people["third"].pages("/transfers", all="true")}
    people["third"].get(f"/transfers/{asked['object']}").problem(404, "E4001")
    assert buyer.get(f"/devices/{product}/SN-1").status == 404  # sight comes with ownership
    assert sign(buyer, "accept", asked).ok()["state"] == "accepted"
    assert owner(admin, product) == "seller"
    assert seller.get(f"/devices/{product}/SN-1").status == 200
    after = renew(device, product)
    assert lab.eventually(lambda: owner(admin, product) == "buyer")
    assert seller.get(f"/devices/{product}/SN-1").status == 404
    assert seller.set(product, "SN-1", "quarantine").status == 404
    assert buyer.get(f"/devices/{product}/SN-1").status == 200
    for side in (seller, buyer):
        assert shown(side, asked)["state"] == "done"
    events = [one["event"] for one in admin.pages(f"/devices/{product}/SN-1/timeline")]
    assert [one for one in reversed(events) if one.startswith("transfer")] == [
        "transfer-asked", "transfer-released", "transfer-accepted", "transfer-receipt"]
    assert after.cacerts().status == 200
    audit(shared)


def test_the_bytes_say_what_will_change_and_openssl_verifies_both_signatures(shared, people, product, device):
    seller, buyer = people["seller"], people["buyer"]
    asked = released(seller, product)
    sign(buyer, "accept", asked).ok()
    lab.run(lab.program("trothd"), "audit", "dump", "--config", str(shared.config_file))
    dump = lab.run(lab.program("trothd"), "audit", "dump", "--config", str(shared.config_file)).stdout
    row = next(line for line in dump.splitlines() if line.startswith(f"transfer {asked['object']} "))
    cells = dict(cell.split("=", 1) for cell in row.split(" ")[2:])
    body = base64.b64decode(asked["body"])
    assert bytes.fromhex(cells["body"]) == body
    assert b"seller" in body and b"buyer" in body and b"SN-1" in body
    for name in ("release", "accept"):
        key = serialization.load_der_public_key(bytes.fromhex(cells[f"{name}_key"]))
        key.verify(bytes.fromhex(cells[f"{name}_signature"]), b"troth-approval-1\n" + body, ec.ECDSA(hashes.SHA256()))


def test_the_commands_show_the_bytes_and_sign_them(people, product, device):
    seller, buyer = people["seller"], people["buyer"]
    dry = seller.troth("device", "transfer", product, "SN-1", "--to", "buyer", "--dry-run")
    assert dry.returncode == 0 and "seller -> buyer" in dry.stdout and "would do" in dry.stdout, dry
    assert seller.get("/transfers").ok()["items"] == [
        one for one in seller.get("/transfers").ok()["items"] if one["product"] != product]
    done = seller.troth("device", "transfer", product, "SN-1", "--to", "buyer", "--ttl", "2d")
    assert done.returncode == 0 and "seller -> buyer" in done.stdout and "released" in done.stdout, done
    number = next(one["id"] for one in buyer.pages("/transfers") if one["product"] == product)
    listed = buyer.troth("transfer", "list")
    assert "SN-1" in listed.stdout and "sven" in listed.stdout, listed
    dry = buyer.troth("transfer", "accept", number, "--dry-run")
    assert dry.returncode == 0 and "would do" in dry.stdout and "seller -> buyer" in dry.stdout, dry
    done = buyer.troth("transfer", "accept", number)
    assert done.returncode == 0 and "accepted" in done.stdout, done
    done = buyer.troth("transfer", "abort", number)
    assert done.returncode == 0 and "aborted" in done.stdout, done
    assert "aborted" in seller.troth("transfer", "show", number).stdout


def test_either_side_ends_it_until_it_is_done(people, product, device):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    for who in (seller, buyer, admin):
        asked = released(seller, product)
        assert who.post(f"/transfers/{asked['object']}/abort").ok()["state"] == "aborted"
        sign(buyer, "accept", asked).problem(409, "E4030")
    asked = released(seller, product)
    sign(buyer, "accept", asked).ok()
    assert seller.post(f"/transfers/{asked['object']}/abort").ok()["state"] == "aborted"
    renew(device, product)
    time.sleep(0.3)
    assert owner(admin, product) == "seller"
    seller.post(f"/transfers/{asked['object']}/abort").problem(409, "E4030")


def test_the_same_key_again_is_not_the_new_owners(people, product, device):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    asked = released(seller, product)
    sign(buyer, "accept", asked).ok()
    old = device.chain[0]
    again = device.enrol(lab.make_csr(device.key, subject=old.subject, san=san_of(old)), again=True)
    assert again.status == 403 and "E3040" in again.body.decode()  # it is proven, and told so
    assert device.cacerts().status == 200
    assert owner(admin, product) == "seller" and shown(buyer, asked)["state"] == "accepted"
    events = [one["event"] for one in admin.pages(f"/devices/{product}/SN-1/timeline")]
    assert events[0] == "request-refused"
    renew(device, product)
    assert lab.eventually(lambda: owner(admin, product) == "buyer")


def test_a_certificate_from_before_both_signed_is_not_the_new_owners(people, product, device):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    asked = released(seller, product)
    key, old = lab.make_key(), device.chain[0]
    chain = device.enrol(lab.make_csr(key, subject=old.subject, san=san_of(old)), again=True).certificates()
    sign(buyer, "accept", asked).ok()
    early = lab.Device(device.server, product, key, chain)
    assert early.cacerts().status == 200
    assert lab.eventually(lambda: admin.certificate_state(chain[0]) == "current")
    assert owner(admin, product) == "seller"
    renew(early, product)
    assert lab.eventually(lambda: owner(admin, product) == "buyer")


def test_a_device_that_never_enrolled_moves_with_its_first_certificate(shared, people, product):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    admin.import_devices(product, {"SN-1": None}, owner="seller")
    token = seller.post("/tokens", {"product": product, "serial": "SN-1"}).ok()["token"]
    asked = released(seller, product)
    sign(buyer, "accept", asked).ok()
    key = lab.make_key()
    chain = lab.Device(shared, product).enrol(lab.make_csr(key, "SN-1"), basic=("SN-1", token)).certificates()
    seller.post("/tokens", {"product": product, "serial": "SN-1"}).ok()
    assert lab.Device(shared, product, key, chain).cacerts().status == 200
    assert lab.eventually(lambda: owner(admin, product) == "buyer")
    # The old owner's spare door is closed: else it would be owed as one that is still good (TD-04).
    assert [one["check"] for one in admin.show(product, "SN-1")["findings"] if one["closed"] is None] == []


# ---- attacks ------------------------------------------------------------------------------------


def test_attack_accepted_by_the_releasing_side(people, product, device):
    seller, buyer, admin = (people[name] for name in ("seller", "buyer", "admin"))
    colleague = person(admin, f"colleague-{product}"[:60], "operator", "seller")
    asked = released(seller, product)
    sign(seller, "accept", asked).problem(403, "E4032")
    sign(colleague, "accept", asked).problem(403, "E4032")
    sign(people["third"], "accept", asked).problem(404, "E4001")  # it does not exist for him
    sign(people["viewer"], "accept", asked).problem(403, "E2002")
    buyer.post(f"/transfers/{asked['object']}/abort").ok()


def test_attack_admins_sign_for_owners_who_have_people_of_their_own(people, product, device):
    admin, other = people["admin"], people["other"]
    refused = ask(admin, product).problem(403, "E4032")
    assert 'owner "seller" has' in refused["detail"] and "one of them signs" in refused["detail"]
    asked = released(people["seller"], product)
    sign(admin, "accept", asked).problem(403, "E4032")
    sign(other, "accept", asked).problem(403, "E4032")
    admin.post(f"/transfers/{asked['object']}/abort").ok()  # to stop one is nobody's privilege

    # Of an owner who has nobody here the admins are the people, two of them.
    admin.import_devices(product, {"SN-9": None}, owner="nobody-here")
    asked = ask(admin, product, serial="SN-9", to="nobody-there").ok()
    sign(admin, "release", asked).ok()
    sign(admin, "accept", asked).problem(403, "E4032")  # one person is not two sides
    sign(other, "accept", asked).ok()


def test_attack_released_by_somebody_else(people, product, device):
    ask(people["buyer"], product).problem(404, "E4001")
    ask(people["viewer"], product).problem(403, "E2002")
    asked = ask(people["seller"], product).ok()
    sign(people["admin"], "release", asked).problem(403, "E4032")
    sign(people["buyer"], "accept", asked).problem(409, "E4030")  # nobody released it


def test_attack_a_signature_replayed_onto_another_device_or_transfer(people, product, device):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    admin.import_devices(product, {"SN-2": None}, owner="seller")
    first = released(seller, product)
    sign(buyer, "accept", first).ok()
    other = ask(seller, product, serial="SN-2").ok()
    body = base64.b64decode(first["body"])
    sign(seller, "release", other, body).problem(400, "E6002")
    sign(seller, "release", other).ok()
    sign(buyer, "accept", other, body).problem(400, "E6002")
    buyer.post(f"/transfers/{first['object']}/abort").ok()
    again = released(seller, product)  # the same device and owners: another number, other bytes
    sign(buyer, "accept", again, body).problem(400, "E6002")
    sign(people["admin"], "accept", first, body).problem(409, "E4030")


def test_attack_an_approval_signature_is_no_transfers(people, product, device):
    """The prefix is the same; the kind stands in the bytes."""
    seller, buyer = people["seller"], people["buyer"]
    asked = released(seller, product)
    swapped = base64.b64decode(asked["body"]).replace(b"buyer", b"third")
    sign(buyer, "accept", asked, swapped).problem(400, "E6002")
    sign(buyer, "accept", asked, b"").problem(400, "E6002")
    assert shown(buyer, asked)["state"] == "released"


def test_attack_to_oneself(people, product, device):
    ask(people["seller"], product, to="seller").problem(409, "E4031")
    ask(people["seller"], product, to="no such/owner").problem(400, "E1002")


def test_attack_two_transfers_of_one_device(people, product, device):
    asked = released(people["seller"], product)
    ask(people["seller"], product, to="third").problem(409, "E4033")
    people["buyer"].post(f"/transfers/{asked['object']}/abort").ok()
    released(people["seller"], product, to="third")


@pytest.mark.parametrize("verb", ["retire", "lost", "quarantine"])
def test_attack_the_device_ended_meanwhile(people, product, device, verb):
    seller, buyer, admin = people["seller"], people["buyer"], people["admin"]
    asked = released(seller, product)
    assert seller.set(product, "SN-1", verb).status == 200
    sign(buyer, "accept", asked).problem(409, "E4030")
    assert owner(admin, product) == "seller"
    assert shown(buyer, asked)["state"] == ("released" if verb == "quarantine" else "aborted")
    if verb == "quarantine":
        buyer.post(f"/transfers/{asked['object']}/abort").ok()
    ask(seller, product).problem(409, "E4030")


def test_attack_who_released_was_removed_meanwhile(people, product, device):
    admin, buyer = people["admin"], people["buyer"]
    leaver = person(admin, f"leaver-{product}"[:60], "operator", "seller")
    asked = released(leaver, product)
    mine = next(one["id"] for one in admin.pages("/operators") if one["name"] == f"leaver-{product}"[:60])
    admin.post(f"/operators/{mine}", {"scope": "third"}).ok()
    sign(buyer, "accept", asked).problem(409, "E4030")
    admin.post(f"/operators/{mine}", {"scope": "seller"}).ok()
    admin.post(f"/operators/{mine}/remove").ok()
    sign(buyer, "accept", asked).problem(409, "E4030")
    assert leaver.post(f"/transfers/{asked['object']}/abort").status == 403


def test_attack_an_expired_release(faulty):
    admin = faulty.bootstrap()
    admin.add_product("pump")
    admin.import_devices("pump", {"SN-1": None}, owner="seller")
    seller, buyer = person(admin, "sven", "operator", "seller"), person(admin, "bert", "operator", "buyer")
    asked = released(seller, "pump", ttl_s=60)
    late = ask(seller, "pump").problem(409, "E4033")
    assert "released" in late["detail"]
    faulty.control.wall_offset_s += 61
    sign(buyer, "accept", asked).problem(409, "E4030")
    assert shown(buyer, asked)["state"] == "expired"
    again = released(seller, "pump")
    assert shown(buyer, asked)["state"] == "aborted"
    assert sign(buyer, "accept", again).ok()["state"] == "accepted"
    faulty.control.wall_offset_s += 20 * 86400  # what both signed does not expire
    assert shown(buyer, again)["state"] == "accepted"


def test_two_approvers_are_not_asked_both_sides_sign(troth, alice):
    """A transfer has its own two people, also where two approve; and an approver alone is one of them."""
    bob = person(alice, "bob", "admin")
    seller, buyer = person(alice, "sven", "operator", "seller"), person(alice, "bert", "operator", "buyer")
    alice.add_product("pump")
    alice.import_devices("pump", {"SN-1": None, "SN-2": None}, owner="seller")
    make_approver(alice, "alice", [alice])
    make_approver(alice, "bob", [alice])
    asked = released(seller, "pump")
    sign(buyer, "accept", asked).ok()
    alice.import_devices("pump", {"SN-3": None}, owner="nobody-here")
    asked = ask(alice, "pump", serial="SN-3", to="nobody-there").ok()
    sign(alice, "release", asked).ok()
    sign(alice, "accept", asked).problem(403, "E4032")
    sign(bob, "accept", asked).ok()
    troth.stop_and_audit()
    troth.start()


def test_a_changed_row_is_found_by_the_audit(faulty):
    """Who edits the database gives no device away."""
    admin = faulty.bootstrap()
    admin.add_product("pump")
    admin.import_devices("pump", {"SN-1": None}, owner="seller")
    seller = person(admin, "sven", "operator", "seller")
    asked = released(seller, "pump")
    time.sleep(1)
    faulty.stop()
    database = faulty.folder / "data" / "store" / "troth.db"
    subprocess.run(["python3", "-c", f"import sqlite3; c = sqlite3.connect({str(database)!r}); "
                    f"c.execute('UPDATE transfer SET to_owner = ? WHERE id = ?', ('thief', {asked['object']})); "
                    "c.commit()"], check=True)
    done = lab.run(lab.program("trothd"), "audit", "verify", "--config", str(faulty.config_file), check=False)
    assert done.returncode == 1 and "transfer" in done.stderr, done
