"""The end of a transfer: an owner's devices have an issuer of his own, a device that goes to another owner rekeys
below it, what the old owner had ends with the first use of the new certificate, and a receipt says so. Either side
ends it until then, at each step, also over kill -9."""

import lab
import pytest
from test_27_transfer import (audit, ask, owner, person, released, renew, shown, sign)
from test_36_rollover import below, load, prepare, restart


def follow(server, operator, who, kind="ldevid"):
    """An issuer for one owner's devices; its number and certificate."""
    number, out = prepare(server, kind)
    restart(server)
    operator.post("/issuers", {"number": number, "kind": kind, "certificate": out.read_text(), "owner": who}).ok()
    return number, load(out)


@pytest.fixture(scope="module")
def people(shared):
    """An admin and two owners' people; the buyer has an issuer of his own, `people["issuer"]`."""
    admin = shared.first
    number, issuing = follow(shared, admin, "buyer")
    return {"admin": admin, "other": person(admin, "olga", "admin"), "seller": person(admin, "sven", "operator", "seller"),
            "buyer": person(admin, "bert", "operator", "buyer"), "third": person(admin, "tina", "operator", "third"),
            "number": number, "issuer": issuing, "server": shared}


def make_device(server, product, who="seller", serial="SN-1"):
    """One that enrolled with a registered key and was used."""
    key = lab.make_key()
    server.first.import_devices(product, {serial: key}, owner=who)
    chain = lab.Device(server, product).enrol(lab.make_csr(key, serial)).certificates()
    first = lab.Device(server, product, key, chain)
    assert first.cacerts().status == 200
    assert lab.eventually(lambda: server.first.state(product, serial) == "active")
    return first


@pytest.fixture
def device(people, product):
    return make_device(people["server"], product)


# ---- an owner's issuer --------------------------------------------------------------------------


def test_an_owners_issuer_issues_for_his_devices_and_for_no_others(people, product, device):
    admin, issuing, server = people["admin"], people["issuer"], people["server"]
    his = make_device(server, product, "buyer", "SN-2")
    below(his.chain[0], issuing)
    assert device.chain[0].issuer != issuing.subject
    rows = {one["id"]: one for one in admin.pages("/issuers")}
    assert rows[people["number"]]["owner"] == "buyer" and rows[people["number"]]["state"] == "current"
    assert rows[3]["owner"] == "" and rows[3]["state"] == "current"
    # Whose it is, is nobody else's business.
    assert people["number"] in [one["id"] for one in people["buyer"].pages("/issuers")]
    assert people["number"] not in [one["id"] for one in people["seller"].pages("/issuers")]
    people["seller"].get(f"/issuers/{people['number']}").problem(404, "E4001")
    # The anchors that verify it are what devices are given.
    assert issuing in his.cacerts().certificates()
    lab.openssl_verify(server, his.chain[0], issuing)


def test_an_issuer_of_servers_and_operators_is_nobodys_own(troth, alice):
    number, out = prepare(troth, "operations")
    restart(troth)
    alice.post("/issuers", {"number": number, "kind": "operations", "certificate": out.read_text(),
                            "owner": "buyer"}).problem(403, "E4040")
    assert [one["owner"] for one in alice.pages("/issuers")] == [""] * 4
