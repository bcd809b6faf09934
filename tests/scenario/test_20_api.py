"""The operators' interface: who may ask, what is refused and how clearly, and that nothing happens
twice or by accident. Every answer is also checked against docs/openapi.yaml (contract.py)."""

import json
import random
import sqlite3
import urllib.parse
from concurrent import futures

import pytest

import lab

# ---- who may ask -------------------------------------------------------------------------------


def test_without_a_certificate_there_is_only_health(shared):
    nobody = shared.nobody()
    assert nobody.request("GET", "/livez").ok() == {"ok": True, "reasons": []}
    assert nobody.request("GET", "/readyz").ok()["ok"] is True
    for path in ("/status", "/products", "/devices", "/operators", "/ledger/entries"):
        assert "detail" not in nobody.get(path).problem(403, "E2002")
    nobody.request("GET", "/metrics").problem(403, "E2002")
    nobody.post("/products", {"name": "x"}).problem(403, "E2002")


def test_a_certificate_of_another_ca_is_refused(shared):
    ca_key, key = lab.make_key(), lab.make_key()
    ca = lab.make_certificate(ca_key, common_name="Mallory", is_ca=True)
    leaf = lab.make_certificate(key, common_name="alice", issuer=ca, issuer_key=ca_key)
    lab.Operator(shared, key, leaf).get("/status").problem(403, "E2002")


def test_a_self_signed_certificate_over_any_key_is_refused(shared):
    key = lab.make_key()
    lab.Operator(shared, key, lab.make_certificate(key, common_name="alice")).get("/status").problem(
        403, "E2002")


def test_a_device_certificate_is_no_operator(shared, product):
    key = lab.make_key()
    shared.first.import_devices(product, {"D-1": key})
    leaf, = lab.Device(shared, product).enrol(lab.make_csr(key, "D-1")).certificates()
    device = lab.Operator(shared, key, leaf)
    assert "detail" not in device.get("/status").problem(403, "E2002")
    device.post(f"/devices/{product}/D-1/retire").problem(403, "E2002")
    assert shared.first.state(product, "D-1") in ("enrolled", "active")


def test_an_operator_certificate_does_not_enrol_devices(shared, product):
    shared.first.import_devices(product, {"D-1": lab.make_key()})
    operator = shared.first
    device = lab.Device(shared, product, operator.key, operator.chain)
    answer = device.enrol(lab.make_csr(lab.make_key(), "D-1"))
    assert answer.status in (401, 403), answer
    assert operator.state(product, "D-1") == "expected"


def test_the_local_socket_bootstraps_once_and_does_nothing_else(shared):
    body = {"name": "eve", "csr": lab.csr_pem(lab.make_csr(lab.make_key()))}
    shared.local("POST", "/api/v1/bootstrap", body).problem(403, "E2002")
    for method, path in (("GET", "/api/v1/status"), ("GET", "/api/v1/devices"),
                         ("POST", "/api/v1/operators"), ("GET", "/metrics")):
        assert shared.local(method, path).status == 404
    shared.nobody().request("POST", "/api/v1/bootstrap", json.dumps(body),
                            {"Content-Type": "application/json"}).problem(404, "E4001")
    assert shared.local("GET", "/livez").status == 200


def test_of_many_who_bootstrap_at_the_same_instant_one_is_an_operator(troth):
    bodies = [{"name": f"eve-{n}", "csr": lab.csr_pem(lab.make_csr(lab.make_key()))} for n in range(8)]
    with futures.ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: troth.local("POST", "/api/v1/bootstrap", body), bodies))
    assert [answer.status for answer in answers].count(200) == 1, answers
    with sqlite3.connect(f"file:{troth.folder}/data/store/troth.db?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM operator").fetchone() == (1,)


def test_roles_allow_what_the_table_says(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    viewer = alice.add_operator("vera", "viewer")
    operator = alice.add_operator("otto", "operator")
    assert viewer.get("/status").ok()["operator"] == {"name": "vera", "role": "viewer", "scope": ""}
    assert viewer.state(product, "D-1") == "expected"
    for refused in (
            viewer.set(product, "D-1", "hold"),
            viewer.post("/tokens", {"product": product, "serial": "D-1"}),
            viewer.import_csv(f"product,serial\n{product},D-2\n"),
            viewer.get("/operators"),
            viewer.post("/products", {"name": "viewers-product"}),
            operator.post("/products", {"name": "operators-product"}),
            operator.post("/permits", {"product": product, "serial": "D-1"}),
            operator.post("/clock/accept"),
            operator.post("/operators", {"name": "mate", "role": "admin",
                                         "csr": lab.csr_pem(lab.make_csr(lab.make_key()))}),
            operator.get("/operators"),
    ):
        detail = refused.problem(403, "E2002")["detail"]  # who has proved himself is told
        assert "seen" in detail and "wanted" in detail
    assert operator.set(product, "D-1", "hold").ok()["changed"] == 1
    assert operator.set(product, "D-1", "admit").ok()["changed"] == 1


def test_one_key_is_one_operators(shared):
    key = lab.make_key()
    body = {"role": "viewer", "csr": lab.csr_pem(lab.make_csr(key))}
    shared.first.post("/operators", {"name": "one", **body}).ok()
    shared.first.post("/operators", {"name": "two", **body}).problem(403, "E3006")
    shared.first.post("/operators", {"name": "one", **body, "scope": "acme"}).problem(403, "E3006")
    shared.first.post("/operators", {"name": "one", **body, "role": "admin"}).problem(403, "E3006")


def test_an_operator_whose_answer_was_lost_asks_again(shared):
    alice = shared.first
    body = {"name": "lost", "role": "viewer", "csr": lab.csr_pem(lab.make_csr(lab.make_key()))}
    first = alice.post("/operators", body, key="lost-1").ok()
    entries = alice.get("/status").ok()["ledger"]["entries"]
    for key in ("lost-1", "lost-2", None):
        again = alice.post("/operators", body, key=key).ok()
        assert again["certificate"] == first["certificate"]
        assert (again["object"], again["created"], again["unchanged"]) == (first["object"], 0, 1)
    dry = alice.post("/operators", body, dry_run="true").ok()
    assert dry["unchanged"] == 1 and "certificate" not in dry
    assert alice.get("/status").ok()["ledger"]["entries"] == entries


def test_the_first_operator_whose_answer_was_lost_asks_again(troth):
    body = {"name": "ann", "csr": lab.csr_pem(lab.make_csr(lab.make_key()))}
    other = {"name": "ann", "csr": lab.csr_pem(lab.make_csr(lab.make_key()))}
    first = troth.local("POST", "/api/v1/bootstrap", body).ok()
    again = troth.local("POST", "/api/v1/bootstrap", body).ok()
    assert again["certificate"] == first["certificate"]
    troth.local("POST", "/api/v1/bootstrap", other).problem(403, "E2002")
    troth.local("POST", "/api/v1/bootstrap", {**body, "name": "eve"}).problem(403, "E2002")


def test_a_revoked_operator_may_nothing_more(shared):
    alice = shared.first
    mallory = alice.add_operator("mallory", "admin")
    otto = alice.add_operator("otto-2", "operator")
    assert mallory.get("/status").status == 200
    path = f"/certificates/{lab.serial_hex(mallory.chain[0])}/revoke"
    otto.post(path).problem(403, "E2002")
    mallory.post(path).problem(409, "E4002")
    alice.post(path, {"reason": "key-compromise"}).ok()
    mallory.get("/status").problem(403, "E2002")
    mallory.post("/products", {"name": "mallorys"}).problem(403, "E2002")
    mallory.import_csv("product,serial\nx,y\n").problem(403, "E2002")
    rows = {one["name"]: one["active"] for one in alice.pages("/operators")}
    assert rows["mallory"] is False and rows["otto-2"] is True


# ---- scope -------------------------------------------------------------------------------------


def test_a_scope_shows_one_owners_devices_and_hides_the_others(shared, product):
    alice = shared.first
    alice.import_devices(product, {"A-1": None, "A-2": None}, owner="acme")
    alice.import_devices(product, {"B-1": None}, owner="bolt")
    anna = alice.add_operator("anna", "operator", scope="acme")
    assert {one["serial"] for one in anna.pages("/devices", product=product)} == {"A-1", "A-2"}
    assert anna.get("/devices", owner="bolt").ok()["items"] == []
    hidden = anna.get(f"/devices/{product}/B-1").problem(404, "E4001")
    absent = anna.get(f"/devices/{product}/B-9").problem(404, "E4001")
    assert hidden["detail"].replace("B-1", "B-9") == absent["detail"]
    anna.get("/ledger/entries").problem(403, "E2002")
    assert sum(anna.get("/status").ok()["devices"].values()) == 2
    assert {one["name"]: one["devices"] for one in anna.pages("/products")} == {product: None}


def test_a_scope_keeps_verbs_off_other_owners_devices(shared, product):
    alice = shared.first
    alice.import_devices(product, {"B-1": None}, owner="bolt")
    anna = alice.add_operator("anna2", "operator", scope="acme2")
    for serial in ("B-1", "B-9"):
        detail = f'there is no device with serial number "{serial}"'
        for answer in (anna.set(product, serial, "retire"),
                       anna.post("/tokens", {"product": product, "serial": serial})):
            assert answer.problem(404, "E4001")["detail"] == detail
    outcome = anna.import_csv(f"product,serial,owner\n{product},B-2,bolt\n{product},A-1,acme2\n").ok()
    assert (outcome["created"], outcome["refused"]) == (1, 1)
    assert outcome["faults"][0]["line"] == 2 and outcome["faults"][0]["code"] == "E2002"
    assert alice.state(product, "B-1") == "expected"


def test_a_scope_hides_other_owners_behind_certificates_and_imports(shared, product):
    alice = shared.first
    key = lab.make_key()
    alice.import_devices(product, {"B-1": key}, owner="bolt")
    leaf, = lab.Device(shared, product).enrol(lab.make_csr(key, "B-1")).certificates()
    anna = alice.add_operator("anna3", "operator", scope="acme3")
    path = f"/certificates/{lab.serial_hex(leaf)}"
    anna.get(path).problem(404, "E4001")
    anna.post(path + "/revoke").problem(404, "E4001")
    outcome = anna.import_csv("product,serial,key,owner\n"
                              f"{product},B-1,,acme3\n"
                              f'{product},A-1,"{lab.public_pem(key)}",acme3\n').ok()
    assert [one["code"] for one in outcome["faults"]] == ["E4002", "E3006"]
    assert "bolt" not in str(outcome) and "B-1" not in outcome["faults"][1]["reason"]


# ---- wrong input -------------------------------------------------------------------------------

WRONG_BODIES = [
    ("/products", {}, 'member "name" is missing'),
    ("/products", {"name": 7}, "name: seen a number, wanted text"),
    ("/products", {"name": ""}, "name: seen 0 octets"),
    ("/products", {"name": "x" * 65}, "name: seen 65 octets"),
    ("/products", {"name": "x", "colour": 1}, 'unknown member "colour"'),
    ("/products", {"name": "x", "proofs": ["sworn"]}, "wanted one of claim, token, registered-key"),
    ("/products", {"name": "x", "validity_s": 1}, "validity_s: seen 1, wanted 3600 to"),
    ("/products", {"name": "x", "validity_s": 1e9}, "validity_s: seen a fraction"),
    ("/tokens", {"product": "x", "serial": "y", "ttl_s": 59}, "ttl_s: seen 59, wanted 60 to"),
    ("/anchors", {"product": "x", "certificate": "no PEM"}, "certificate: "),
    ("/operators", {"name": "x", "role": "king", "csr": "y"}, "wanted one of viewer, operator, admin"),
    ("/operators", {"name": "x", "role": "viewer", "csr": "y"}, "csr: "),
    ("/devices/p/s/destroy", {}, 'verb: seen "destroy", wanted one of admit, hold'),
    ("/devices/p/s/revoke", {"reason": "mood"}, "wanted one of unspecified, key-compromise"),
    ("/devices/p/s/revoke", {"note": "n" * 257}, "note: seen 257 octets, wanted 0 to 256"),
    ("/certificates/xyz/revoke", {}, 'serial number: seen "xyz"'),
    ("/clock/accept", {"why": "now"}, 'unknown member "why"'),
]


@pytest.mark.parametrize("path, body, detail", WRONG_BODIES, ids=lambda value: str(value)[:40])
def test_wrong_members_are_named(shared, path, body, detail):
    problem = shared.first.post(path, body).problem(400, "E1002")
    assert detail in problem["detail"], problem


WRONG_QUERIES = [
    ("/devices?limit=0", "limit: seen \"0\", wanted a number from 1 to 200"),
    ("/devices?limit=201", "limit: "),
    ("/devices?after=-1", "after: "),
    ("/devices?state=broken", "state: seen \"broken\", wanted one of expected"),
    ("/devices?prodcut=x", "\"prodcut\" is no parameter"),
    ("/devices?serial=x", "\"serial\" is no parameter"),
    ("/certificates?state=active", "wanted one of pending, current"),
    ("/findings?all=maybe", "all: seen \"maybe\", wanted true or false"),
    ("/findings?serial=x", "serial: seen without product"),
    ("/issuers?limit=1", "\"limit\" is no parameter"),
    ("/certificates/zz", "serial number: "),
]


@pytest.mark.parametrize("path, detail", WRONG_QUERIES, ids=lambda value: str(value)[:40])
def test_wrong_queries_are_named(shared, path, detail):
    problem = shared.first.get(path).problem(400, "E1002")
    assert detail in problem["detail"], problem


def test_wrong_requests_are_refused_by_their_kind(shared):
    alice = shared.first
    json_type = {"Content-Type": "application/json"}
    alice.request("GET", "/api/v1/nothing").problem(404, "E4001")
    answer = alice.request("DELETE", "/api/v1/products")
    answer.problem(405, "E1006")
    assert set(answer.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
    alice.request("POST", "/api/v1/products", "{}", {"Content-Type": "text/plain"}).problem(
        415, "E1005")
    alice.request("POST", "/api/v1/products", "{" + " " * 70000 + "}", json_type).problem(
        413, "E1004")
    alice.request("POST", "/api/v1/products", '{"name":', json_type).problem(400, "E1002")
    alice.request("POST", "/api/v1/products", '{"name":"a","name":"b"}', json_type).problem(
        400, "E1002")
    alice.request("POST", "/api/v1/products", "[]", json_type).problem(400, "E1002")
    alice.post("/products?dry_run=perhaps", {"name": "x"}).problem(400, "E1002")
    alice.post("/products", {"name": "x"}, key="k" * 65).problem(400, "E1002")


def test_what_is_not_there_is_not_found(shared):
    alice = shared.first
    for path in ("/devices/none/X", "/devices?product=none", "/certificates/" + "5a" * 16,
                 "/devices/none/X/timeline"):
        alice.get(path).problem(404, "E4001")
    alice.set("none", "X", "retire").problem(404, "E4001")
    alice.post("/certificates/" + "5a" * 16 + "/revoke").problem(404, "E4001")
    alice.post("/tokens", {"product": "none", "serial": "X"}).problem(404, "E4001")
    alice.post("/anchors", {"product": "none", "certificate": lab.certificate_pem(
        lab.make_certificate(lab.make_key(), common_name="Root", is_ca=True))}).problem(404, "E4001")


# ---- nothing twice, nothing by accident --------------------------------------------------------


def test_a_repeated_key_repeats_the_answer_and_nothing_else(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    body = {"product": product, "serial": "D-1"}
    first = alice.post("/products", {"name": product + "-b"}, key="same-" + product).ok()
    again = alice.post("/products", {"name": product + "-b"}, key="same-" + product).ok()
    assert first == again
    alice.post("/products", {"name": product + "-b"}, key="other-" + product).problem(409, "E4002")
    # With another request it is another key: a script's fixed key must not skip its second device.
    alice.import_devices(product, {"D-2": None, "D-3": None})
    assert alice.post(f"/devices/{product}/D-2/hold", {}, key="fixed").ok()["changed"] == 1
    assert alice.post(f"/devices/{product}/D-3/hold", {}, key="fixed").ok()["changed"] == 1
    assert alice.show(product, "D-3")["device"]["hold"] is True
    # A token is not shown again.
    assert "token" in alice.post("/tokens", body, key="t").ok()
    assert "token" not in alice.post("/tokens", body, key="t").ok()
    # The same key is another operator's own, and another verb's own.
    otto = alice.add_operator("otto-" + product, "operator")
    one = alice.post("/tokens", body, key="k").ok()
    two = otto.post("/tokens", body, key="k").ok()
    assert one["object"] != two["object"]


def test_an_answer_is_kept_for_a_day_and_then_forgotten(troth, alice):
    alice.post("/products", {"name": "meter"}, key="a").ok()
    alice.post("/products", {"name": "gauge"}, key="b").ok()
    troth.stop()
    path = troth.folder / "data" / "store" / "troth.db"
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM answer").fetchone() == (2,)
        database.execute("UPDATE answer SET at = at - 86401 WHERE rowid = 1")
        database.execute("UPDATE meta SET value = value - 86401 WHERE name = 'tidy_ended'")
    troth.start()

    def kept():
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM answer").fetchone() == (1,)
    assert lab.eventually(kept)


def test_a_dry_run_says_what_would_be_and_changes_nothing(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": lab.make_key()})
    before = alice.get("/status").ok()
    assert alice.post("/products", {"name": product + "-dry"}, dry_run="true").ok()["dry_run"]
    assert alice.set(f"{product}", "D-1", "retire?dry_run=true").ok()["state"] == "retired"
    outcome = alice.import_csv(f"product,serial\n{product},D-1\n{product},D-2\nnone,D-3\n",
                               dry_run="true").ok()
    assert (outcome["created"], outcome["refused"], outcome["dry_run"]) == (1, 1, True)
    token = alice.post("/tokens", {"product": product, "serial": "D-1"}, dry_run="true").ok()
    assert "token" not in token
    operator = alice.post("/operators", {"name": "dry-" + product[:20], "role": "viewer", "csr": lab.csr_pem(
        lab.make_csr(lab.make_key()))}, dry_run="true").ok()
    assert "certificate" not in operator
    alice.get(f"/devices/{product}/D-2").problem(404, "E4001")
    alice.get("/devices", product=product + "-dry").problem(404, "E4001")
    assert alice.state(product, "D-1") == "expected"
    assert alice.get("/status").ok()["ledger"] == before["ledger"]


def test_a_dry_run_refuses_what_the_real_one_would(shared, product):
    alice = shared.first
    alice.post("/products", {"name": product}, dry_run="true").problem(409, "E4002")
    alice.set(product, "none", "retire?dry_run=true").problem(404, "E4001")


def test_an_outcome_counts_what_was_made_apart_from_what_ended(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    body = {"product": product, "serial": "D-1"}
    made = alice.post("/tokens", body).ok()
    assert (made["created"], made["tokens"]) == (1, 0)
    assert alice.set(product, "D-1", "retire").ok()["tokens"] == 1
    made = alice.post("/permits", body).ok()
    assert (made["created"], made["permits"]) == (1, 0)


# ---- lists -------------------------------------------------------------------------------------


def test_cursors_walk_a_list_once(shared, product):
    alice = shared.first
    serials = [f"D-{number:03}" for number in range(25)]
    alice.import_devices(product, dict.fromkeys(serials))
    page = alice.get("/devices", product=product, limit=10).ok()
    assert len(page["items"]) == 10 and page["next"] is not None
    walked = [one["serial"] for one in alice.pages("/devices", product=product, limit=10)]
    assert walked == serials
    assert [one["serial"] for one in alice.pages("/devices", product=product, limit=25)] == serials
    # A page stays what it is while devices come after it.
    alice.import_devices(product, {"D-999": None})
    assert alice.get("/devices", product=product, limit=10).ok()["items"] == page["items"]


def test_lists_are_filtered(shared, product):
    alice = shared.first
    alice.import_devices(product, {"A-1": None}, owner="filtered-acme", hold="yes")
    alice.import_devices(product, {"B-1": None}, owner="filtered-bolt")
    alice.set(product, "B-1", "lost").ok()

    def serials(**query):
        return [one["serial"] for one in alice.pages("/devices", **query)]

    assert serials(product=product, state="lost") == ["B-1"]
    assert serials(product=product, owner="filtered-acme") == ["A-1"]
    assert serials(owner="filtered-acme") == ["A-1"]
    assert serials(product=product, owner="filtered-acme", state="lost") == []
    assert alice.show(product, "A-1")["device"]["hold"] is True


def test_serial_numbers_with_any_printable_character_have_an_address(shared, product):
    alice = shared.first
    serials = ["a b", "q?r", "(1)+2,3", "it's:=.", "..."]
    without = ["x/y", ".", ".."]  # a path cannot say these without ambiguity (RFC 3986 7.3)
    quoted = "".join(f'{product},"{one}"\n' for one in serials + without)
    outcome = alice.import_csv("product,serial\n" + quoted).ok()
    assert (outcome["created"], outcome["faults_total"]) == (len(serials), len(without))
    assert "slash" in outcome["faults"][0]["reason"]
    for serial in serials:
        assert alice.show(product, serial)["device"]["serial"] == serial


# ---- imports -----------------------------------------------------------------------------------


def fates(outcome):
    """Line -> what became of it, of every line that an outcome speaks of; its runs have no gap and no overlap."""
    told, last = {}, 0
    for run in outcome["lines"]:
        assert last < run["from"] <= run["to"]
        last = run["to"]
        told.update(dict.fromkeys(range(run["from"], run["to"] + 1), run["became"]))
    assert outcome["lines_total"] == len(outcome["lines"])
    return told


def test_an_import_names_every_bad_line_and_keeps_the_good_ones(shared, product):
    alice = shared.first
    key, other = lab.make_key(), lab.make_key()
    csr = lab.csr_pem(lab.make_csr(other, "D-6"))
    certificate = lab.certificate_pem(lab.make_certificate(lab.make_key(), "D-7"))
    text = "\r\n".join([
        "product,serial,key,csr,certificate,spki,owner,batch,hold",
        f'{product},D-1,"{lab.public_pem(key)}",,,,acme,b-7,yes',   # 2, to line 6 of the file
        f"{product},D-2,not a key",
        f"{product},,",
        "none,D-3",
        f"{product},D-1",
        f"{product},D-4,,,,{lab.spki_hash(key)}",                  # the key of D-1
        f"{product},D-5,,,,,,,perhaps",
        f'{product},D-6,,"{csr}"',
        f'{product},D-7,,,"{certificate}"',
        f"{product},D-8",
        "",
    ])
    outcome = alice.import_csv(text).ok()
    lines = text.split("\n")
    by_serial = {}
    assert [one["line"] for one in outcome["faults"]] == sorted(one["line"] for one in outcome["faults"])
    for fault in outcome["faults"]:
        by_serial[lines[fault["line"] - 1].split(",")[1].strip()] = fault
    assert set(by_serial) == {"D-2", "", "D-3", "D-1", "D-4", "D-5"}
    assert "key" in by_serial["D-2"]["reason"]
    assert by_serial["D-3"]["code"] == "E4001"
    assert "the same device as line 2" in by_serial["D-1"]["reason"]
    assert by_serial["D-4"]["code"] == "E3006"
    assert (outcome["rows"], outcome["created"], outcome["faults_total"]) == (10, 4, 6)
    begins = [number for number, line in enumerate(lines, 1) if line.startswith((product, "none,"))]
    bad = {one["line"] for one in outcome["faults"]}
    assert len(begins) == 10
    assert {line: fates(outcome)[line] for line in begins} == {
        line: "refused" if line in bad else "created" for line in begins}
    shown = alice.show(product, "D-1")["device"]
    assert (shown["owner"], shown["batch"], shown["hold"]) == ("acme", "b-7", True)
    again = alice.import_csv(text).ok()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 4)
    assert {line for line in begins if fates(again)[line] == "unchanged"} == set(begins) - bad


def test_an_import_says_of_every_line_what_became_of_it(shared, product):
    """Whoever refuses a line, the desk or core, and whatever its neighbours became."""
    first = [f"{product},S-{number:02},b" for number in range(40)]
    shared.first.import_csv("\n".join(["product,serial,batch", *first]) + "\n").ok()
    rng, wanted, rows = random.Random(20), {}, []
    for line in range(2, 302):
        fate = rng.choice(["created", "changed", "unchanged", "desk", "core"] if line % 3 else ["unchanged"])
        wanted[line] = fate if fate not in ("desk", "core") else "refused"
        rows.append({
            "created": f"{product},N-{line},b",
            "changed": f"{product},S-{line % 40:02},b{line}",
            "unchanged": f"{product},S-{line % 40:02},",
            "desk": f"{product},,b",
            "core": f"no-product,C-{line},b",
        }[fate])
    seen = {}
    for line, row in enumerate(rows, 2):  # a device is once in a file
        serial = row.split(",")[1]
        wanted[line] = "refused" if serial in seen and serial else wanted[line]
        seen[serial] = line
    text = "\n".join(["product,serial,batch", *rows]) + "\n"
    dry = shared.first.import_csv(text, dry_run="true").ok()
    outcome = shared.first.import_csv(text).ok()
    assert fates(outcome) == fates(dry) == wanted
    assert {one["line"] for one in outcome["faults"]} == {line for line, fate in wanted.items() if fate == "refused"}
    for fate in ("created", "changed", "unchanged"):
        assert outcome[fate] == list(wanted.values()).count(fate) > 0, fate


def test_an_import_without_a_header_takes_nothing(shared, product):
    problem = shared.first.import_csv(f"{product},D-1\n").problem(400, "E1002")
    assert "unknown column" in problem["detail"]
    shared.first.import_csv("").problem(400, "E1002")


def test_an_import_of_thousands_is_taken_whole(shared, product):
    rows = 3000
    text = "product,serial,batch\n" + "".join(f"{product},S-{n},b\n" for n in range(rows))
    outcome = shared.first.import_csv(text).ok()
    assert (outcome["rows"], outcome["created"], outcome["faults"]) == (rows, rows, [])
    assert shared.first.import_csv(text).ok()["unchanged"] == rows


# ---- what is shown -----------------------------------------------------------------------------


def test_a_token_is_shown_once_and_enrols_once(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    token = alice.post("/tokens", {"product": product, "serial": "D-1"}).ok()["token"]
    device = lab.Device(shared, product)
    key = lab.make_key()
    assert device.enrol(lab.make_csr(key, "D-1"), basic=("D-1", "wrong" + token)).status == 401
    leaf, = device.enrol(lab.make_csr(key, "D-1"), basic=("D-1", token)).certificates()
    assert alice.certificate_state(leaf) == "pending"
    assert alice.show(product, "D-1")["device"]["proof"] == "token"
    for answer in (alice.get(f"/devices/{product}/D-1"), alice.get("/ledger/entries", limit=200)):
        assert token.encode() not in answer.body


def test_all_tokens_of_a_device_end_when_it_is_retired(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    body = {"product": product, "serial": "D-1"}
    tokens = [alice.post("/tokens", body).ok()["token"] for _ in range(16)]
    alice.post("/tokens", body).problem(409, "E4002")
    assert alice.set(product, "D-1", "retire").ok()["tokens"] == len(tokens)
    alice.post("/permits", body).ok()
    device = lab.Device(shared, product)
    for token in tokens:
        assert device.enrol(lab.make_csr(lab.make_key(), "D-1"), basic=("D-1", token)).status == 401


def test_a_certificate_is_shown_and_revoked_by_its_serial_number(shared, product):
    alice = shared.first
    key = lab.make_key()
    alice.import_devices(product, {"D-1": key})
    leaf, = lab.Device(shared, product).enrol(lab.make_csr(key, "D-1")).certificates()
    path = f"/certificates/{lab.serial_hex(leaf)}"
    shown = alice.get(path).ok()
    assert lab.x509.load_pem_x509_certificate(shown["pem"].encode()) == leaf
    assert (shown["product"], shown["device_serial"]) == (product, "D-1")
    assert shown["spki"] == lab.spki_hash(key)
    issuers = {one["id"]: one for one in alice.get("/issuers").ok()["items"]}
    assert issuers[shown["issuer"]]["kind"] == "ldevid"
    assert shown["reason"] is None
    alice.post(path + "/revoke", {"reason": "superseded", "note": "a test"}).ok()
    ended = alice.get(path).ok()
    assert (ended["state"], ended["reason"]) == ("revoked", "superseded")
    listed = alice.pages("/certificates", product=product, serial="D-1")
    assert [one["serial"] for one in listed] == [lab.serial_hex(leaf)]
    assert "pem" not in listed[0]


def test_a_note_is_personal_and_no_ledger_entry_has_it(shared, product):
    alice = shared.first
    alice.import_devices(product, {"D-1": None})
    alice.set(product, "D-1", "quarantine", note="Frau Schmidt saw it").ok()
    for entry in alice.show(product, "D-1")["timeline"]:
        assert b"Schmidt" not in lab.base64.b64decode(entry["body"])


def test_anchors_are_listed_with_their_product(shared, product):
    root = lab.make_certificate(lab.make_key(), common_name="Maker Root", is_ca=True, valid_s=10**8)
    body = {"product": product, "certificate": lab.certificate_pem(root)}
    shared.first.post("/anchors", body).ok()
    listed = [one for one in shared.first.get("/anchors").ok()["items"] if one["product"] == product]
    assert len(listed) == 1 and listed[0]["kind"] == "anchor"
    assert lab.x509.load_pem_x509_certificate(listed[0]["pem"].encode()) == root
    assert listed[0]["not_after"] == root.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_checkpoint_covers_the_entries(shared):
    alice = shared.first

    def note():
        answer = alice.get("/ledger/checkpoint")
        return answer.body.decode() if answer.status == 200 else ""

    assert lab.eventually(lambda: note() != "")
    origin, size, root, *_ = note().split("\n")
    assert origin and int(size) > 0 and len(lab.base64.b64decode(root)) == 32
    assert "\n\n— " in note()
    entries = alice.pages("/ledger/entries", limit=50)
    assert [one["entry"] for one in entries] == list(range(len(entries)))


def test_metrics_are_openmetrics_with_absolute_times(shared):
    answer = shared.first.request("GET", "/metrics")
    assert answer.status == 200 and answer.media_type == "application/openmetrics-text"
    lines = answer.body.decode().split("\n")
    assert lines[-2:] == ["# EOF", ""]
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families)), "a family comes in one piece"
    now = lab.time.time()
    for line in lines[:-2]:
        if line.startswith("#"):
            continue
        name, value, at = line.rsplit(" ", 2)
        assert name.startswith("troth_"), line
        assert float(value) >= 0, line
        assert float(at) == 0 or abs(float(at) - now) < 3600, line
    samples = {line.rsplit(" ", 2)[0]: int(line.rsplit(" ", 2)[1]) for line in lines[:-2]
               if not line.startswith("#")}
    assert samples["troth_desk_requests_total"] > 0
    assert samples["troth_ledger_entries"] > 0


def test_a_sandbox_that_is_refused_by_name_is_shown(tmp_path):
    server = lab.Server(tmp_path / "off", {"sandbox": {"seccomp": "off", "landlock": "off"}}).init()
    said = "Landlock is refused in the configuration; seccomp is refused in the configuration"
    try:
        alice = server.start().bootstrap()
        assert server.local("GET", "/readyz").ok() == {"ok": True, "reasons": [said]}
        metrics = alice.request("GET", "/metrics").body.decode()
        for part in ("landlock", "seccomp"):
            assert f'troth_sandbox_in_force{{part="{part}"}} 0 ' in metrics
        server.stop()
    finally:
        server.kill()


def test_a_sandbox_in_force_is_nothing_to_speak_of(shared):
    if lab.os.environ.get("TROTH_TEST_SANDBOX") == "off":
        pytest.skip("this build runs without its sandbox")
    assert shared.local("GET", "/readyz").ok() == {"ok": True, "reasons": []}
    assert 'part="seccomp"} 1 ' in shared.first.request("GET", "/metrics").body.decode()


def test_ready_means_that_both_tls_ports_answer(tmp_path):
    server = lab.Server(tmp_path / "troth").init()
    for _ in range(3):
        try:
            server.start()
            for port in ("device", "operator"):
                with lab.socket.create_connection(("127.0.0.1", server.ports[port]), 5) as raw:
                    context = lab.ssl.create_default_context(cafile=str(server.root_pem))
                    context.wrap_socket(raw, server_hostname="localhost").close()
            server.stop()
        finally:
            server.kill()


def test_answers_are_not_cached_and_have_a_request_id(shared):
    answer = shared.first.get("/status")
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) == 16
    refused = shared.first.get("/devices/none/x")
    assert refused.json["request_id"] == refused.headers["x-request-id"]
    assert refused.json["request_id"] in shared.log()


def test_requests_on_one_connection_are_answered_in_order(shared):
    with shared.first as alice:
        for _ in range(5):
            assert alice.get("/status").ok()["operator"]["name"] == "alice"
            alice.get("/devices/none/x").problem(404, "E4001")


@pytest.mark.parametrize("version, spoken", [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(shared, version, spoken):
    done = lab.openssl("s_client", "-connect", f"localhost:{shared.ports['operator']}", version,
                       "-cipher", "ALL:@SECLEVEL=0", "-CAfile", str(shared.root_pem),
                       "-verify_return_error", "-brief", check=False, text="")
    assert (done.returncode == 0) is spoken, done.stderr


def test_a_path_cannot_be_disguised(shared):
    for path in ("/api/v1/../v1/status", "/api/v1//status", "/api/v1/status/", "/api/v1/%73tatus",
                 "/api/v1/devices/a/%00", "/api/v1/devices/a/" + urllib.parse.quote("\n", safe="")):
        answer = lab.Client.request(shared.first, "GET", path)
        assert answer.status in (400, 404), (path, answer)
