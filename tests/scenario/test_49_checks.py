"""Life stories of checks, each fed by its real producer and in virtual time: what opens a finding, since
when it is owed, and which evidence closes it. (TD-01 and TD-02: test_31_proofs.py, test_40_agent.py;
TD-09: test_33_grace.py; TD-22: test_42_findings.py; TD-43: test_29_transfer_end.py.)"""

import calendar
import time

import lab
import test_21_approvals as approvals
from test_33_grace import DAY_S, Late, enrol, jump, late, renew
from test_36_rollover import Fleet, follow

assert late  # a fixture


def instant(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def of_device(alice, product, serial, check):
    """Each interval of a finding of the device, the oldest first."""
    return [one for one in alice.show(product, serial)["findings"] if one["check"] == check]


def about_issuers(alice, check):
    return [one for one in alice.pages("/findings", all="true")
            if one["about"] == "issuer" and one["check"] == check]


def is_open(findings):
    return any(one["closed"] is None for one in findings)


def test_a_token_that_outlives_its_use_is_owed_until_it_ends(late):
    server, alice = late
    alice.add_product("meter")
    alice.import_devices("meter", {"M-1": None}, owner="acme")
    tokens = [alice.post("/tokens", {"product": "meter", "serial": "M-1"}).ok()["token"]
              for _ in range(2)]
    key = lab.make_key()
    leaf = Late(server, "meter").enrol(lab.make_csr(key, "M-1"),
                                       basic=("M-1", tokens[0])).certificates()[0]
    assert not of_device(alice, "meter", "M-1", "TD-04")
    assert Late(server, "meter", key, [leaf]).cacerts().status == 200
    assert lab.eventually(lambda: is_open(of_device(alice, "meter", "M-1", "TD-04")))
    one, = of_device(alice, "meter", "M-1", "TD-04")
    assert (one["severity"], one["title"]) == ("high", "bootstrap-alive")
    jump(server, alice, 40)  # past its end
    assert lab.eventually(lambda: not is_open(of_device(alice, "meter", "M-1", "TD-04")))
    server.stop_and_audit()


def test_a_proof_too_weak_is_owed_until_a_stronger_one(late):
    server, alice = late
    alice.add_product("meter", least_proof="registered-key")
    registered, key = lab.make_key(), lab.make_key()
    alice.import_devices("meter", {"P-1": registered}, owner="acme")
    token = alice.post("/tokens", {"product": "meter", "serial": "P-1"}).ok()["token"]
    leaf = Late(server, "meter").enrol(lab.make_csr(key, "P-1"), basic=("P-1", token)).certificates()[0]
    one, = of_device(alice, "meter", "P-1", "TD-06")
    assert one["severity"] == "high" and one["closed"] is None
    assert instant(one["began"]) == calendar.timegm(leaf.not_valid_before.timetuple())

    shown = lab.make_certificate(registered, "P-1", common_name="self")
    Late(server, "meter", registered, [shown]).enrol(lab.make_csr(lab.make_key(), "P-1")).certificates()
    one, = of_device(alice, "meter", "P-1", "TD-06")
    assert one["closed"] is not None and one["closed_by"] == "evidence"
    server.stop_and_audit()


def test_a_device_that_lets_its_renewal_pass_and_falls_silent(late):
    server, alice = late
    alice.add_product("meter", grace_s=60 * DAY_S)
    device = enrol(server, alice, "meter", "S-1")
    jump(server, alice, 75)
    assert lab.eventually(lambda: is_open(of_device(alice, "meter", "S-1", "TD-07")))
    jump(server, alice, 2)
    assert lab.eventually(lambda: is_open(of_device(alice, "meter", "S-1", "TD-08")))
    assert not is_open(of_device(alice, "meter", "S-1", "TD-07"))
    one, = of_device(alice, "meter", "S-1", "TD-08")
    assert one["severity"] == "high"  # 13 days are left, and it is heard once in 30
    jump(server, alice, 15)
    assert lab.eventually(lambda: is_open(of_device(alice, "meter", "S-1", "TD-35")))

    assert renew(device, lab.make_key()).status == 200
    assert not is_open(of_device(alice, "meter", "S-1", "TD-08"))
    assert not is_open(of_device(alice, "meter", "S-1", "TD-35"))
    server.stop_and_audit()


def test_who_is_nobody_s_is_owed_from_its_first_certificate(late):
    server, alice = late
    alice.add_product("meter")
    enrol(server, alice, "meter", "N-1")
    one, = of_device(alice, "meter", "N-1", "TD-36")
    assert (one["title"], one["severity"], one["closed"]) == ("no-owner", "medium", None)
    alice.set("meter", "N-1", "retire").ok()
    one, = of_device(alice, "meter", "N-1", "TD-36")
    assert one["closed_by"] == "evidence"
    server.stop_and_audit()


def test_lists_that_nobody_renewed_are_owed_from_half_their_window(late):
    server, alice = late
    alice.add_product("meter")
    enrol(server, alice, "meter", "L-1")
    crls = server.folder / "public" / "crl"
    assert lab.eventually(lambda: any(crls.iterdir()))
    assert not about_issuers(alice, "TD-18")
    jump(server, alice, 5)
    assert lab.eventually(lambda: about_issuers(alice, "TD-18"))
    assert lab.eventually(lambda: not is_open(about_issuers(alice, "TD-18")))
    for one in about_issuers(alice, "TD-18"):
        assert one["severity"] == "high" and one["closed_by"] == "evidence"
        assert instant(one["recorded"]) - instant(one["began"]) > DAY_S
    server.stop_and_audit()


def test_an_issuer_that_ends_with_live_certificates_is_owed_until_they_are_reissued(faulty):
    alice = faulty.bootstrap()
    bob = alice.add_operator("bob", "admin")
    fleet = Fleet(alice, "pump", "I-1", "I-2")
    for serial in ("I-1", "I-2"):
        fleet.enrol(serial)
    follow(faulty, alice, "ldevid")
    for name in ("alice", "bob"):
        approvals.make_approver(alice, name, [alice])
    assert not about_issuers(alice, "TD-16")
    number = approvals.waiting(alice.post("/issuers/3/force"))["approval"]
    for who in (alice, bob):
        approvals.sign(who, number).ok()
    approvals.becomes(alice, number, "executed")
    one, = about_issuers(alice, "TD-16")
    assert (one["title"], one["severity"], one["closed"]) == ("issuer-broken", "critical", None)

    fleet.enrol("I-1")  # by its first proof, below the one that follows
    faulty.control.wall_offset_s += 1000
    assert is_open(about_issuers(alice, "TD-16"))  # the other one's is live still
    fleet.enrol("I-2")
    faulty.control.wall_offset_s += 1000  # it is looked at each quarter of an hour
    assert lab.eventually(lambda: not is_open(about_issuers(alice, "TD-16")))
    closed, = about_issuers(alice, "TD-16")
    assert (closed["id"], closed["closed_by"]) == (one["id"], "evidence")
    faulty.stop_and_audit()


def test_an_issuer_that_nothing_follows_is_owed_a_year_before_its_end(late):
    server, alice = late
    assert not about_issuers(alice, "TD-21")
    jump(server, alice, 3650 - 365 + 1)
    assert lab.eventually(lambda: len(about_issuers(alice, "TD-21")) == 3)  # the root has 25 years
    for one in about_issuers(alice, "TD-21"):
        assert (one["title"], one["severity"]) == ("issuer-cliff", "high")
        assert 0 < instant(one["recorded"]) - instant(one["began"]) < 3 * DAY_S
    server.stop_and_audit()


def test_a_device_s_certificate_at_the_operators_port_is_owed_until_it_is_replaced(late):
    server, alice = late
    alice.add_product("meter")
    device = enrol(server, alice, "meter", "U-1")
    for _ in range(2):
        person = Late(server, None, device.key, device.chain)
        person.port = server.ports["operator"]
        assert person.request("GET", "/api/v1/devices").status in (401, 403)
    assert lab.eventually(lambda: is_open(of_device(alice, "meter", "U-1", "TD-38")))
    one, = of_device(alice, "meter", "U-1", "TD-38")
    assert (one["title"], one["severity"]) == ("used-by-person", "high")
    assert alice.state("meter", "U-1") == "active"  # a person decides

    key = lab.make_key()
    leaf = renew(device, key).certificates()[0]
    assert is_open(of_device(alice, "meter", "U-1", "TD-38"))
    assert Late(server, "meter", key, [leaf]).cacerts().status == 200
    assert lab.eventually(lambda: not is_open(of_device(alice, "meter", "U-1", "TD-38")))
    server.stop_and_audit()
