"""Waivers: somebody answers for findings until a day. Debt counts them apart; findings, effects and verdicts stay."""

import datetime

import pytest

import lab
from test_21_approvals import People, becomes, body_of, fetch, make_approver, number_of, sign, waiting

DAY_S = 86400
REASON = {"answers": "acme", "reason": "the maker mends it in spring", "ttl_s": 90 * DAY_S}


def enrol(operator, product, serial):
    """By a token; its first use makes it active."""
    token = operator.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
    key = lab.make_key()
    with lab.Device(operator.server, product) as device:
        certificate = device.enrol(lab.make_csr(key, serial), basic=(serial, token)).certificates()[0]
    with lab.Device(operator.server, product, key, [certificate]) as device:
        device.cacerts()
    assert lab.eventually(lambda: operator.state(product, serial) == "active")


def fleet(people):
    """A pump of acme's and one of bolt's, weakly proven (TD-06, high); a valve that nobody owns (TD-36, medium)."""
    alice = people.alice
    alice.post("/products", {"name": "pump", "least_proof": "registered-key"}).ok()
    alice.post("/products", {"name": "valve"}).ok()
    alice.import_devices("pump", {"A-1": None}, owner="acme")
    alice.import_devices("pump", {"B-1": None}, owner="bolt")
    alice.import_devices("valve", {"V-1": None})
    for product, serial in (("pump", "A-1"), ("pump", "B-1"), ("valve", "V-1")):
        enrol(alice, product, serial)


@pytest.fixture
def people(troth):
    """Alice and Bob, of whom none approves yet, and Ada, who sees acme's devices only; and the fleet."""
    people = People.__new__(People)
    people.server = troth
    people.alice = troth.bootstrap()
    people.bob = people.alice.add_operator("bob", "admin")
    people.carol = people.alice.add_operator("carol", "admin")
    people.ada = people.alice.add_operator("ada", "operator", scope="acme")
    fleet(people)
    return people


@pytest.fixture
def pair(people):
    """Two who approve."""
    make_approver(people.alice, "alice", [people.alice])
    make_approver(people.alice, "bob", [people.alice])
    return people


def check(operator, number):
    return next(one for one in operator.get("/check").ok()["checks"] if one["check"] == number)


def ask(operator, number, **body):
    return operator.post(f"/checks/{number}/waivers", {**REASON, **body})


def waivers(operator, **query):
    return [(one["check"], one["product"], one["serial"], one["of_owner"], one["state"])
            for one in operator.pages("/waivers", **query)]


def test_a_medium_finding_is_waived_by_one_and_counted_apart(people):
    alice = people.alice
    before = alice.get("/findings").ok()["items"]
    assert ask(alice, "TD-36", product="valve", serial="V-1").ok()["created"] == 1
    assert waivers(alice) == [("TD-36", "valve", "V-1", "", "stands")]
    row = check(alice, "TD-36")
    assert (row["open"], row["waived"]) == (0, 1)
    after = alice.get("/findings").ok()["items"]
    until = next(one["waived_until"] for one in after if one["serial"] == "V-1")
    assert until == alice.pages("/waivers")[0]["expires"]
    assert [{**one, "waived_until": None} for one in after] == before  # the finding is what it was
    assert [one["serial"] for one in after if one["waived_until"] is not None] == ["V-1"]
    shown = next(one for one in alice.show("valve", "V-1")["checklist"] if one["check"] == "TD-36")
    assert shown["state"] == "waived" and shown["waived_until"] is not None

    number = alice.pages("/waivers")[0]["id"]
    alice.post(f"/waivers/{number}/end", {"note": "it has an owner soon"}).ok()
    assert waivers(alice) == []
    assert waivers(alice, all="true") == [("TD-36", "valve", "V-1", "", "ended")]
    row = check(alice, "TD-36")
    assert (row["open"], row["waived"]) == (1, 0)
    assert alice.get("/findings").ok()["items"] == before
    alice.post(f"/waivers/{number}/end").problem(409, "E4051")
    people.audit("verify")
    people.audit("replay")


def test_a_dry_run_changes_nothing(people):
    people.alice.post("/checks/TD-36/waivers", {**REASON, "product": "valve"}, dry_run="true").ok()
    assert waivers(people.alice) == []


def test_a_high_finding_is_waived_by_two(pair):
    request = waiting(ask(pair.alice, "TD-06", product="pump", serial="A-1"))["approval"]
    assert fetch(pair.alice, request)["kind"] == "waiver_grant"
    sign(pair.alice, request).ok()
    assert sign(pair.alice, request).ok()["unchanged"] == 1  # herself once more
    assert waivers(pair.alice) == []
    sign(pair.bob, request).ok()
    becomes(pair.alice, request, "executed")
    assert waivers(pair.alice) == [("TD-06", "pump", "A-1", "acme", "stands")]
    row = check(pair.alice, "TD-06")
    assert (row["open"], row["waived"]) == (1, 1)  # bolt's is open
    pair.audit("verify")


def test_what_it_must_say(people):
    alice = people.alice
    wrong = [
        ({}, 400, "E1060"), ({"fleet": True, "product": "valve"}, 400, "E1060"),
        ({"serial": "V-1"}, 400, "E1060"), ({"product": "nope"}, 404, "E4001"),
        ({"product": "valve", "serial": "nope"}, 404, "E4001"),
        ({"product": "valve", "ttl_s": 400 * DAY_S}, None, None), ({"product": "valve", "ttl_s": 1}, 400, "E1002"),
        ({"product": "valve", "reason": ""}, 400, "E1002"), ({"product": "valve", "reason": "  "}, 400, "E1060"),
        ({"product": "valve", "answers": "a b"}, 400, "E1002"),
    ]
    for body, status, code in wrong:
        answer = ask(alice, "TD-36", **body)
        if status is None:
            assert answer.status in (400, 409, 422, 403) and "366" in answer.json["detail"], answer
        else:
            answer.problem(status, code)
    for number in ("TD-00", "TD-46", "td-36", "TD-1"):
        said = ask(alice, number, fleet=True).problem(400, "E1002")["detail"]
        assert said.endswith(", TD-26, ..."), said  # cut between two words
    assert ask(alice, "TD-37", fleet=True).status in (400, 403, 409)
    assert waivers(alice, all="true") == []


def test_attack_of_another_owner(people):
    """Ada answers for acme's devices alone, and ends nobody else's waiver."""
    ada = people.ada
    assert '"acme"' in ask(ada, "TD-36", fleet=True).problem(403, "E2002")["detail"]
    ask(ada, "TD-36", product="pump").problem(403, "E2002")
    ask(ada, "TD-36", product="pump", serial="B-1").problem(404, "E4001")
    ask(ada, "TD-36", of_owner="bolt").problem(403, "E2002")
    ask(ada, "TD-06", product="pump", serial="A-1").problem(403, "E2002")  # above medium
    ask(ada, "TD-36", product="pump", serial="A-1").ok()
    ask(people.alice, "TD-36", product="pump", serial="B-1").ok()
    assert waivers(ada) == [("TD-36", "pump", "A-1", "acme", "stands")]
    others = next(one["id"] for one in people.alice.pages("/waivers") if one["serial"] == "B-1")
    ada.post(f"/waivers/{others}/end").problem(404, "E4001")


def test_attack_replayed_and_swapped(pair):
    first = waiting(ask(pair.alice, "TD-06", product="pump", serial="A-1"))["approval"]
    body = body_of(pair.alice, first)
    sign(pair.alice, first).ok()
    sign(pair.bob, first).ok()
    becomes(pair.alice, first, "executed")
    sign(pair.bob, first, body).problem(409, "E4002")
    second = waiting(ask(pair.alice, "TD-06", product="pump", serial="B-1"))["approval"]
    sign(pair.bob, second, body).problem(400, "E6002")
    other = bytearray(body_of(pair.alice, second))
    other[other.index(b"B-1")] ^= 3
    sign(pair.bob, second, bytes(other)).problem(400, "E6002")
    sign(pair.alice, second).ok()
    assert [one[2] for one in waivers(pair.alice)] == ["A-1"]


def test_attack_approver_removed_meanwhile(pair):
    number = waiting(ask(pair.alice, "TD-06", product="pump", serial="A-1"))["approval"]
    sign(pair.bob, number).ok()
    make_approver(pair.alice, "carol", [pair.alice, pair.bob])
    gone = waiting(pair.alice.post(f"/operators/{number_of(pair.alice, 'bob')}/approver",
                                   {"on": False}))["approval"]
    sign(pair.alice, gone).ok()
    sign(pair.carol, gone).ok()
    becomes(pair.alice, gone, "executed")
    sign(pair.alice, number).ok()
    assert waivers(pair.alice) == []
    sign(pair.carol, number).ok()
    becomes(pair.alice, number, "executed")
    assert len(waivers(pair.alice)) == 1


def set_policy(pair, *signers, product="", **settings):
    """The request for it; with two who sign it is in force."""
    asked = pair.alice.post("/policies", {"product": product, "settings": settings, "effects": {}})
    number = waiting(asked)["approval"]
    for one in signers:
        sign(one, number).ok()
    if len(signers) == 2:
        becomes(pair.alice, number, "executed")
    return number


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def granted(pair, number, **body):
    request = waiting(ask(pair.alice, number, **body))["approval"]
    sign(pair.alice, request).ok()
    sign(pair.bob, request).ok()
    becomes(pair.alice, request, "executed")


def test_a_stricter_product_binds_who_waives_for_more(pair):
    set_policy(pair, pair.alice, pair.bob, product="pump", **{"waiver-most": "30d"})
    for more in ({"fleet": True}, {"of_owner": "acme"}, {"product": "pump"}):
        said = ask(pair.alice, "TD-36", **more).problem(403, "E3043")["detail"]
        assert "wanted at most 30, as the policy of product pump says" in said, said
    ask(pair.ada, "TD-36", of_owner="acme").problem(403, "E3043")
    ask(pair.alice, "TD-36", product="valve").ok()
    ask(pair.alice, "TD-45", fleet=True).ok()  # is about no product
    ask(pair.alice, "TD-36", fleet=True, ttl_s=30 * DAY_S).ok()


def test_attack_a_waiver_asked_for_before_the_policy_became_stricter(pair):
    """Two sign what both could have had: the policy of that instant counts."""
    request = waiting(ask(pair.alice, "TD-06", of_owner="acme"))["approval"]
    sign(pair.alice, request).ok()
    set_policy(pair, pair.alice, pair.bob, product="pump", **{"waiver-most": "30d"})
    sign(pair.bob, request).ok()
    becomes(pair.alice, request, "stale")
    assert waivers(pair.alice) == []


def test_a_stricter_policy_ends_waivers_sooner_and_takes_two_for_it(pair):
    granted(pair, "TD-06", fleet=True)
    ask(pair.alice, "TD-36", product="valve").ok()
    wide, valves = pair.alice.pages("/waivers")
    number = set_policy(pair, pair.alice, product="pump", **{"waiver-most": "30d"})
    assert pair.alice.pages("/waivers") == [wide, valves]  # one alone shortens nothing
    assert b"gchanged\x01" in body_of(pair.bob, number)  # of the two, as its approver reads
    sign(pair.bob, number).ok()
    becomes(pair.alice, number, "executed")
    after, same = pair.alice.pages("/waivers")
    assert same == valves
    spans = [(instant(one["expires"]) - instant(one["created"])).total_seconds() for one in (wide, after)]
    assert spans[0] > 89 * DAY_S and spans[1] == 30 * DAY_S
    assert check(pair.alice, "TD-06")["waived"] == 2
    assert [one["event"] for one in pair.alice.pages("/ledger/entries")].count("waiver-shortened") == 1
    pair.audit("verify")
    pair.audit("replay")


def test_the_commands(people, tmp_path):
    troth = people.alice.command_line(tmp_path / "alice")
    done = troth("waiver", "add", "TD-36", "--product", "valve", "--answers", "acme", "--reason", "until spring",
                 "--for", "90d")
    assert "findings of TD-36 waived for 90d" in done.stdout
    listed = troth("waiver", "list").stdout
    assert "TD-36" in listed and "until spring" in listed and "stands" in listed
    assert "waiver 1 ended" in troth("waiver", "end", "1").stdout
    assert "ended" in troth("waiver", "list", "--all").stdout
    refused = troth("waiver", "add", "TD-36", "--answers", "acme", "--reason", "x", "--for", "90d", check=False)
    assert refused.returncode != 0 and "wanted a product" in refused.stderr
