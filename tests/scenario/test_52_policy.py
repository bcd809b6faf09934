"""Policies (docs/decisions/policy.md): the fleet's, above it a product's; whole or not at all; a change takes
two people (attacks on that: test_21_approvals.py)."""

import json
import re
import threading

import pytest

import lab
from test_21_approvals import People, becomes, body_of, fetch, sign, waiting


def body_for(product="", settings=None, effects=None):
    return {"product": product, "settings": settings or {}, "effects": effects or {}}


def in_force(operator, **query):
    """{word or check: (value, source)} of what is in force."""
    answer = operator.get("/policies/effective", **query).ok()
    settings = {one["setting"]: (one["value"], one["source"]) for one in answer["settings"]}
    return settings | {one["check"]: (one["effect"], one["source"]) for one in answer["effects"]}


def set_policy(people, *args, **kwargs):
    number = waiting(people.alice.post("/policies", body_for(*args, **kwargs)))["approval"]
    sign(people.alice, number).ok()
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")


class PeopleWithProducts(People):
    def prepare(self):
        self.alice.add_product("meter")
        self.alice.add_product("pump")


@pytest.fixture
def people(troth):
    return PeopleWithProducts(troth)


def test_a_products_policy_stands_above_the_fleets_and_that_above_the_defaults(people):
    assert in_force(people.alice, product="meter")["renew-by"] == ("85", "default")
    set_policy(people, "", {"renew-by": "90", "max-age": "400d"}, {"TD-25": "quarantine"})
    assert in_force(people.alice, product="meter")["renew-by"] == ("90", "fleet")
    set_policy(people, "meter", {"renew-by": "95"}, {"TD-25": "refuse"})
    seen = in_force(people.alice, product="meter")
    assert seen["renew-by"] == ("95", "product") and seen["max-age"] == ("400d", "fleet")
    assert seen["TD-25"] == ("refuse", "product") and seen["max-validity"] == ("825d", "default")
    assert in_force(people.alice, product="pump")["renew-by"] == ("90", "fleet")
    assert in_force(people.alice)["TD-25"] == ("quarantine", "fleet")
    set_policy(people, "meter", {})  # the whole: what it no longer names is the fleet's again
    assert in_force(people.alice, product="meter")["renew-by"] == ("90", "fleet")

    versions = people.alice.pages("/policies", product="meter")
    assert [(one["version"], one["in_force"], one["says"]) for one in versions] == [
        (1, False, "renew-by 95; TD-25 refuse"), (2, True, "names nothing")]
    first = people.alice.get("/policies", limit=1).ok()
    assert [one["product"] for one in first["items"]] == [""] and first["next"]
    assert [one["product"] for one in people.alice.pages("/policies")] == ["", "meter", "meter"]
    people.server.stop_and_audit()


@pytest.mark.parametrize("settings, effects, code, said", [
    ({"renew-by": "90", "renew-bye": "91"}, {}, "E1058", "renew-bye: there is no such setting"),
    ({"max-age": "400d", "renew-by": "100"}, {}, "E1058", "renew-by: seen 100, wanted 80 to 99"),
    ({"max-age": "soon"}, {}, "E1058", "max-age: "),
    ({"grace": "1d"}, {}, "E1059", "grace: "),
    ({"max-age": "400d"}, {"TD-46": "none"}, "E1058", "TD-46: there is no such check"),
    ({"max-age": "400d"}, {"TD-25": "explode"}, "E1058", "TD-25: seen \"explode\""),
    ({"max-age": 400}, {}, "E1002", "max-age: settings: seen a number, wanted text"),
])
def test_a_policy_is_taken_whole_or_not_at_all(people, settings, effects, code, said):
    problem = people.alice.post("/policies", body_for("", settings, effects)).problem(400, code)
    assert problem["detail"].startswith(said), problem
    assert people.alice.pages("/policies") == []
    assert in_force(people.alice)["max-age"] == ("365d", "default")
    assert people.alice.pages("/approvals") == []


def test_what_is_no_policy_at_all(people):
    people.alice.post("/policies", {}).problem(400, "E1002")  # not: an empty one
    people.alice.post("/policies", {"settings": [], "effects": {}}).problem(400, "E1002")
    people.alice.post("/policies", body_for("none", {"renew-by": "90"})).problem(404, "E4001")
    people.alice.get("/policies/effective", product="none").problem(404, "E4001")
    people.alice.post("/policies", body_for("", {"renew-by": "90"}), dry_run="true").ok()
    assert people.alice.pages("/policies") == [] and people.alice.pages("/approvals") == []


def test_people_sign_the_words_of_what_it_changes(people):
    number = waiting(people.alice.post("/policies", body_for("", {"renew-by": "90"})))["approval"]
    assert fetch(people.bob, number)["kind"] == "policy_set"
    set_policy(people, "", {"renew-by": "95"})  # meanwhile: the words are no longer true
    sign(people.alice, number).ok()
    sign(people.bob, number)
    assert lab.eventually(lambda: fetch(people.bob, number)["state"] != "open")
    assert fetch(people.bob, number)["state"] == "stale"
    assert in_force(people.alice)["renew-by"] == ("95", "fleet")


def test_a_quarantine_that_a_policy_wants_passes_the_brake(troth, tmp_path):
    """The device that has the finding, or opens it afterwards, is quarantined; when the brake is full, a person is asked, and
    `troth status` says so in front of all that is owed, until there is an answer."""
    alice = troth.bootstrap()
    alice.add_product("meter", least_proof="registered-key")
    alice.import_devices("meter", {f"M-{i}": None for i in range(12)}, owner="acme")

    def enrol(serial):
        token = alice.post("/tokens", {"product": "meter", "serial": serial}).ok()["token"]
        device = lab.Device(troth, "meter")
        assert device.enrol(lab.make_csr(lab.make_key(), serial), basic=(serial, token)).status == 200

    def has_weak(serial):
        return any(one["check"] == "TD-06" for one in alice.show("meter", serial)["findings"])

    enrol("M-0")
    assert has_weak("M-0") and alice.state("meter", "M-0") != "quarantined"
    alice.post("/policies", body_for("meter", {}, {"TD-06": "quarantine"})).ok()
    assert lab.eventually(lambda: alice.state("meter", "M-0") == "quarantined")
    for i in range(1, 12):
        enrol(f"M-{i}")
    assert has_weak("M-11")
    states = [alice.state("meter", f"M-{i}") for i in range(12)]
    assert states.count("quarantined") == 10, states
    asked, = [one for one in alice.pages("/findings") if one["about"] == "product"]
    assert (asked["severity"], asked["product"]) == ("critical", "meter")
    assert alice.get("/status").ok()["held"] == [asked]
    assert alice.add_operator("ada", "viewer", "acme").get("/status").ok()["held"] == []
    command = alice.command_line(tmp_path / "alice")
    lines = command("status").stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("HELD SINCE"))
    assert lines[at + 1].split() == [*asked["began"][:16].split("T"), "TD-06", "proof-too-weak", "critical", "meter"]
    assert lines[at + 2].strip() == asked["mend"] == f"troth finding close {asked['id']}"
    assert at < next(i for i, line in enumerate(lines) if line.startswith("OWED SINCE"))
    command(*asked["mend"].split()[1:])
    assert "HELD" not in command("status").stdout
    troth.stop_and_audit()


def test_a_quarantine_that_a_policy_wants_of_what_is_open_passes_the_brake_too(troth):
    alice = troth.bootstrap()
    alice.add_product("meter", least_proof="registered-key")
    names = [f"M-{i}" for i in range(12)]
    alice.import_devices("meter", {name: None for name in names}, owner="acme")
    for name in names:
        token = alice.post("/tokens", {"product": "meter", "serial": name}).ok()["token"]
        answer = lab.Device(troth, "meter").enrol(lab.make_csr(lab.make_key(), name), basic=(name, token))
        assert answer.status == 200

    def quarantined():
        return [name for name in names if alice.state("meter", name) == "quarantined"]

    def wants(effect):
        alice.post("/policies", body_for("meter", {}, {"TD-06": effect})).ok()

    assert sum(one["check"] == "TD-06" for one in alice.pages("/findings")) == 12 and quarantined() == []
    wants("quarantine")
    assert lab.eventually(lambda: len(quarantined()) == 10), quarantined()
    asked, = lab.eventually(lambda: alice.get("/status").ok()["held"])
    assert (asked["check"], asked["severity"], asked["product"]) == ("TD-06", "critical", "meter")
    first = quarantined()[0]
    alice.set("meter", first, "readmit").ok()
    alice.post("/policies", body_for("", {"renew-by": "90"})).ok()  # judges everything anew, and turns nothing
    assert lab.eventually(lambda: alice.get("/status").ok()["sweep"]["left"] == 0)
    assert alice.state("meter", first) != "quarantined" and len(quarantined()) == 9
    troth.stop_and_audit()


def test_a_sweep_under_way_is_told(troth, tmp_path):
    alice = troth.bootstrap()
    alice.add_product("meter")
    alice.import_csv("product,serial\n" + "".join(f"meter,M-{number}\n" for number in range(5000))).ok()
    command = alice.command_line(tmp_path / "alice")
    assert "\nsweep " not in command("status").stdout
    told = None
    for turn in range(40):
        alice.post("/policies", body_for("", {"renew-by": str(85 + turn % 10)}, {})).ok()
        told = re.search(r"^sweep         everything is judged anew since \d{4}-\d\d-\d\d \d\d:\d\d: (\d+) left$",
                         command("status").stdout, re.M)
        if told:
            break
    assert told and 0 < int(told.group(1)) <= 5010
    assert lab.eventually(lambda: "\nsweep " not in command("status").stdout, 20)


# ---- what it would do --------------------------------------------------------------------------


def enrolled(people, product, serials):
    """Devices with a certificate of 90 days each."""
    people.alice.import_devices(product, {serial: None for serial in serials}, owner="acme")
    for serial in serials:
        token = people.alice.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
        device = lab.Device(people.server, product)
        assert device.enrol(lab.make_csr(lab.make_key(), serial), basic=(serial, token)).status == 200


def test_a_policy_is_compared_with_what_is_in_force_and_judged_by(people):
    enrolled(people, "meter", ["M-1", "M-2"])
    enrolled(people, "pump", ["P-1"])
    set_policy(people, "", {"renew-by": "90", "max-age": "400d"})
    before = people.alice.get("/ledger/entries", limit=1).ok(), len(people.alice.pages("/ledger/entries"))
    answer = people.alice.post("/policies/diff", body_for("meter", {"max-validity": "30d", "renew-by": "90"},
                                                          {"TD-11": "quarantine", "TD-06": "none"})).ok()
    assert answer["settings"] == [
        {"setting": "renew-by", "before": "90", "before_source": "fleet", "after": "90", "after_source": "product"},
        {"setting": "max-validity", "before": "825d", "before_source": "default", "after": "30d",
         "after_source": "product"}]
    assert [(one["check"], one["before"], one["after"], one["after_source"]) for one in answer["effects"]] == [
        ("TD-06", "none", "none", "product"), ("TD-11", "none", "quarantine", "product")]
    assert answer["trial"] == {"devices": 2, "judged": 2, "sample": False, "changed": 2, "refused": 0,
                               "quarantined": 2, "held": 0}
    assert answer["checks"] == [{"check": "TD-11", "title": "too-long", "opens": 2, "closes": 0}]
    fleet = people.alice.post("/policies/diff", body_for("", {"max-validity": "30d"})).ok()
    assert fleet["trial"]["devices"] == fleet["checks"][0]["opens"] == 3
    assert {(one["setting"], one["after"], one["after_source"]) for one in fleet["settings"]} == {
        ("renew-by", "85", "default"), ("max-age", "365d", "default"), ("max-validity", "30d", "fleet")}
    same = people.alice.post("/policies/diff", body_for("", {"renew-by": "90", "max-age": "400d"})).ok()
    assert same["settings"] == same["effects"] == same["checks"] == [] and same["trial"]["changed"] == 0
    assert before == (people.alice.get("/ledger/entries", limit=1).ok(), len(people.alice.pages("/ledger/entries")))

    set_policy(people, "meter", {"max-validity": "30d"})  # what was counted is what happens
    assert lab.eventually(lambda: sum(one["check"] == "TD-11" for one in people.alice.pages("/findings")) == 2)


def test_who_compares_a_policy_and_what_is_none(people):
    diff = lambda who, *args, **kwargs: who.post("/policies/diff", body_for(*args, **kwargs))
    diff(people.alice, "none", {"renew-by": "90"}).problem(404, "E4001")
    diff(people.alice, "", {"renew-by": "100"}).problem(400, "E1058")
    diff(people.alice, "", {"grace": "1d"}).problem(400, "E1059")
    people.alice.post("/policies/diff", {}).problem(400, "E1002")
    people.alice.post("/policies/diff?product=meter", body_for("", {})).problem(400, "E1002")


def test_people_sign_what_a_policy_would_do(people, tmp_path):
    """Core judges before it asks anybody, and says the same as the question."""
    enrolled(people, "meter", ["M-1", "M-2"])
    answer = people.alice.post("/policies", body_for("meter", {"max-validity": "30d"}, {"TD-11": "refuse"}))
    number = waiting(answer)["approval"]
    said = people.bob.command_line(tmp_path / "bob")("approval", "show", number).stdout
    assert ("with     judged = 2 of 2 devices judged, 2 change; TD-11 opens on 2, closes on 0; 2 refused, "
            "0 quarantined at once, of which the brake holds 0\n") in said, said
    key = {"Idempotency-Key": "once"}
    body = json.dumps(body_for("pump", {"renew-by": "90"})).encode()
    asked = [people.alice.request("POST", "/api/v1/policies", body, {"Content-Type": "application/json", **key})
             for _ in range(2)]
    assert asked[0].json["approval"] == asked[1].json["approval"]
    sign(people.alice, number).ok()
    sign(people.bob, number).ok()
    becomes(people.bob, number, "executed")
    people.server.stop_and_audit()


def test_one_policy_is_judged_at_a_time_beside_everything_else(people):
    """Of 12,000 devices 10,000 at random: the request says so. Who asks meanwhile is told to come again."""
    people.alice.import_csv("product,serial\n" + "".join(f"meter,M-{number}\n" for number in range(12000))).ok()
    answers = []

    def ask(who, days):
        answers.append(who.post("/policies", body_for("meter", {"max-validity": f"{days}d"})))

    both = [threading.Thread(target=ask, args=one) for one in ((people.alice, 30), (people.bob, 31))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    asked, refused = sorted(answers, key=lambda one: one.status)
    refused.problem(503, "E5001")
    assert b"10000 of 12000 devices judged, chosen at random, 0 change; 0 refused" in body_of(
        people.alice, waiting(asked)["approval"])
    waiting(people.bob.post("/policies", body_for("meter", {"max-validity": "31d"})))


def test_a_policy_is_compared_by_the_command(people, tmp_path):
    enrolled(people, "meter", ["M-1"])
    alice = people.alice.command_line(tmp_path / "alice")
    file = tmp_path / "policy.yaml"
    file.write_text("max-validity: 30d\neffects:\n  TD-11: quarantine\n")
    done = alice("policy", "diff", file, "--product", "meter", check=False)
    assert done.returncode == 3, done
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["max-validity", "825d", "default", "30d", "product"] in lines
    assert ["TD-11", "none", "default", "quarantine", "product", "too-long"] in lines
    assert ["TD-11", "1", "0", "too-long"] in lines
    assert "1 of 1 devices judged by it: 1 change\n" in done.stdout
    assert "1 quarantined at once; the brake would hold 0 of them\n" in done.stdout
    shown = alice("policy", "diff", file, "--product", "meter", "--json", check=False)
    assert shown.returncode == 3 and json.loads(shown.stdout)["trial"]["quarantined"] == 1
    file.write_text("effects: {}\n")
    done = alice("policy", "diff", file, "--fleet")
    assert done.stdout == "it is what is in force\n"
    assert alice("policy", "diff", file, check=False).returncode == 2
    assert alice("policy", "diff", file, "--fleet", "--product", "meter", check=False).returncode == 2
    file.write_text("max-validity: 30d\nrenew-by: 100\n")
    failed = alice("policy", "diff", file, "--fleet", check=False)
    assert failed.returncode == 1 and f"{file}:2: renew-by: seen 100" in failed.stderr


# ---- the command -------------------------------------------------------------------------------


@pytest.mark.parametrize("text, line, rule", [
    ("renew-by: 90\nrenew-bye: 91\n", 2, "renew-bye: there is no such setting"),
    ("# ours\n\nmax-age: 400d\nmax-age: 401d\n", 4, "max-age: seen twice"),
    ("max-age: 400d\nrenew-by: 100\n", 2, "renew-by: seen 100, wanted 80 to 99"),
    ("max-age: 400d\neffects:\n  TD-06: refuse\n  TD-25: explode\n", 4, "TD-25: seen \"explode\""),
    ("effects:\n  TD-06: refuse\n  TD-06: none\n", 3, "TD-06: seen twice"),
    ("max-age: 400d\ngrace: 1d\n", 2, "grace: "),
    ("max-age: [1]\n", 1, "seen a list or a mapping"),
    ("max-age: 400d\nmax-validity: \"" + "9" * 33 + "\"\n", 2, "max-validity: settings: seen 33 octets"),
    ("max-age: 400d\n\t- x\n", 2, "YAML syntax"),
])
def test_a_file_is_refused_with_its_line(troth, tmp_path, text, line, rule):
    alice = troth.bootstrap()
    command = alice.command_line(tmp_path / "alice")
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    failed = command("policy", "set", file, check=False)
    assert failed.returncode == 1 and f"{file}:{line}: {rule}" in failed.stderr, failed
    assert alice.pages("/policies") == []


def test_a_policy_by_the_command(people, tmp_path):
    alice, bob = (one.command_line(tmp_path / name)
                  for one, name in ((people.alice, "alice"), (people.bob, "bob")))
    file = tmp_path / "policy.yaml"
    file.write_text("renew-by: 90\nmax-age: 400d\nend-of-support: 2030-01-01\neffects:\n  TD-25: quarantine\n")
    assert "would do: the policy is set" in alice("policy", "set", file, "--dry-run").stdout
    assert people.alice.pages("/approvals") == []
    said = alice("policy", "set", "--product", "meter", file).stdout
    assert "policy_set" in said and "renew-by 90 (was 85)" in said
    number = max(one["id"] for one in people.alice.pages("/approvals"))
    said = bob("approval", "sign", number).stdout
    assert "TD-25 quarantine" in said and f"approval {number}: executed" in said
    lines = bob("policy", "show", "--product", "meter").stdout.splitlines()
    assert any(one.split()[:3] == ["max-age", "400d", "product"] for one in lines), lines
    assert any(one.split()[:3] == ["TD-25", "quarantine", "product"] for one in lines), lines
    assert in_force(people.bob, product="meter")["end-of-support"] == ("2030-01-01T00:00:00Z", "product")
    assert "max-age 400d" in alice("policy", "list").stdout
    assert json.loads(alice("policy", "list", "--json").stdout)[0]["version"] == 1
    people.server.stop_and_audit()
