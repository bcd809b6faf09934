"""Verbs on many devices: what they touch is said first, they go on beside everything else and after a crash,
and above a limit they take two people."""

import random
import time

import lab
from test_21_approvals import People, becomes, body_of, sign, waiting
from test_27_transfer import person, released

LIMIT = 500  # src/base/include/base/limits.h: LIMIT_BULK_ALONE


def import_batch(operator, product, batch, count, owner=""):
    lines = ["product,serial,owner,batch"]
    lines += [f"{product},{batch}-{n},{owner},{batch}" for n in range(count)]
    outcome = operator.import_csv("\n".join(lines) + "\n").ok()
    assert outcome["created"] == count, outcome


def enrol_some(server, operator, product, batch, count):
    """So many of a batch enrol by token and use their certificate; the certificates."""
    certificates = []
    for n in range(count):
        serial, key = f"{batch}-{n}", lab.make_key()
        token = operator.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
        answer = lab.Device(server, product).enrol(lab.make_csr(key, serial), basic=(serial, token))
        [certificate] = answer.certificates()
        lab.Device(server, product, key, [certificate]).cacerts()
        assert lab.eventually(lambda: operator.state(product, serial) == "active")
        certificates.append(certificate)
    return certificates


def ended(operator, number, within_s=30):
    show = lambda: operator.get(f"/bulks/{number}").ok()
    assert lab.eventually(lambda: show()["state"] == "ended", within_s), show()
    return show()


def states(operator, product, batch):
    return [one["state"] for one in operator.pages("/devices", product=product, limit=200)
            if one["batch"] == batch]


def test_a_batch_is_retired_and_nothing_else(shared, product):
    alice = shared.first
    import_batch(alice, product, "old", 80)
    import_batch(alice, product, "new", 5)
    certificates = enrol_some(shared, alice, product, "old", 3)
    crls = metric(shared, "troth_crls_signed_total")

    would = alice.post("/bulks", {"verb": "retire", "batch": "old"}, dry_run="true").ok()
    assert would == {"dry_run": True, "bulk": 0, "two_people": False, "devices": 80, "unchanged": 0,
                     "states": {"expected": 77, "enrolled": 0, "active": 3, "quarantined": 0,
                                "lost": 0, "retired": 0},
                     "certificates": {"pending": 0, "current": 3}}
    assert states(alice, product, "old").count("retired") == 0
    assert alice.pages("/bulks") == []

    did = alice.post("/bulks", {"verb": "retire", "product": product, "batch": "old"}).ok()
    row = ended(alice, did["bulk"])
    assert (row["devices"], row["certificates"], row["done"], row["left"]) == (80, 3, 80, 0)
    assert states(alice, product, "old") == ["retired"] * 80
    assert states(alice, product, "new") == ["expected"] * 5
    for certificate in certificates:
        assert alice.certificate_state(certificate) == "revoked"
    timeline = alice.show(product, "old-7")["timeline"]
    assert [one["event"] for one in timeline] == ["bulk-devices", "device-imported"]
    assert metric(shared, "troth_crls_signed_total") <= crls + 3


def metric(server, name):
    text = server.first.request("GET", "/metrics").body.decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))


def test_by_a_list_and_not_when_a_line_is_wrong(shared, product):
    alice = shared.first
    import_batch(alice, product, "b", 6)
    certificates = enrol_some(shared, alice, product, "b", 2)
    text = "product,serial\n" + "".join(f"{product},b-{n}\n" for n in (0, 1, 2))

    def post(body, **query):
        return alice.request("POST", "/api/v1/bulk-lists" + alice._query(query), body,
                             {"Content-Type": "text/csv"})

    wrong = post(text + f"{product},b-17\n", verb="retire").problem(400, "E4021")
    assert "line 5" in wrong["detail"] and "b-17" in wrong["detail"], wrong
    post(text + f"{product},b-1\n", verb="retire").problem(400, "E4021")  # twice
    post("product,serial\n", verb="retire").problem(400, "E4021")
    post(text, verb="lost").problem(400, "E1002")
    assert set(states(alice, product, "b")) == {"expected", "active"}

    # revoke changes those that have a certificate, for the reason that is named
    would = post(text, verb="revoke", dry_run="true").ok()
    assert (would["devices"], would["unchanged"]) == (2, 1)
    did = post(text, verb="revoke", reason="key-compromise", note="cloned").ok()
    assert ended(alice, did["bulk"])["listed"] is True
    for certificate in certificates:
        shown = alice.get(f"/certificates/{lab.serial_hex(certificate)}").ok()
        assert (shown["state"], shown["reason"]) == ("revoked", "key-compromise")
    assert states(alice, product, "b").count("active") == 2
    post(text, verb="revoke").problem(409, "E4020")  # nothing is left to revoke
    assert ended(alice, post(text, verb="retire").ok()["bulk"])["done"] == 3


def test_what_selects_must_be_said_and_be_there(shared, product):
    alice = shared.first
    alice.post("/bulks", {"verb": "retire"}).problem(400, "E1002")
    alice.post("/bulks", {"verb": "admit", "product": product}).problem(400, "E1002")
    alice.post("/bulks", {"verb": "retire", "product": product, "reason": "superseded"}).problem(
        400, "E1002")
    alice.post("/bulks", {"verb": "retire", "product": "no-such"}).problem(404, "E4001")
    alice.post("/bulks", {"verb": "retire", "product": product}).problem(409, "E4020")
    alice.get("/bulks/999999").problem(404, "E4001")


def test_a_scope_reaches_ones_own_devices_only(shared, product):
    alice = shared.first
    import_batch(alice, product, "x", 3, owner="acme")
    import_batch(alice, product, "y", 3, owner="other")
    carl = alice.add_operator("carl", "operator", "acme")
    vera = alice.add_operator("vera", "viewer")
    vera.post("/bulks", {"verb": "retire", "product": product}).problem(403, "E2002")
    carl.post("/bulks", {"verb": "retire", "owner": "other"}).problem(403, "E2002")
    listed = f"product,serial\n{product},y-0\n"
    carl.request("POST", "/api/v1/bulk-lists?verb=retire", listed,
                 {"Content-Type": "text/csv"}).problem(400, "E4021")
    did = carl.post("/bulks", {"verb": "retire", "product": product}).ok()
    assert did["devices"] == 3
    assert ended(carl, did["bulk"])["owner"] == "acme"
    assert states(alice, product, "y") == ["expected"] * 3
    assert [one["id"] for one in carl.pages("/bulks")] == [did["bulk"]]


def test_a_scope_reads_no_rows_of_others_in_an_entry_about_many(shared, product):
    alice = shared.first
    import_batch(alice, product, "m", 1, owner="mine")
    import_batch(alice, product, "n", 1, owner="others")
    mike = alice.add_operator("mike", "viewer", "mine")
    ended(alice, alice.post("/bulks", {"verb": "retire", "product": product}).ok()["bulk"])
    for who, sees in ((alice, True), (mike, False)):
        path = f"/devices/{product}/m-0"
        bodies = {one["event"]: one["body"] for one in who.pages(path + "/timeline")}
        assert bodies["device-imported"] != "" and (bodies["bulk-devices"] != "") == sees
        assert bodies == {one["event"]: one["body"] for one in who.get(path).ok()["timeline"]}


def test_the_command_says_waits_and_counts(shared, product, tmp_path):
    alice = shared.first
    import_batch(alice, product, "c", 7)
    troth = command(shared, tmp_path)
    said = troth("device", "retire", "--batch", "c", "--product", product, "--dry-run").stdout
    assert said == "would do: retire 7 devices: expected 7; unchanged 0\n"
    said = troth("device", "retire", "--batch", "c", "--product", product).stdout
    assert said.startswith("retire 7 devices: expected 7; unchanged 0\nbulk ")
    assert said.endswith("ended: 7 devices done\n")
    assert "retire" in troth("bulk", "list").stdout
    assert states(alice, product, "c") == ["retired"] * 7
    for words in ([], [product], [product, "c-1", "--batch", "c"], ["--batch", "c", "--file", "x"]):
        assert troth("device", "retire", *words, check=False).returncode == 2


def command(server, folder):
    """`troth` as the server's first operator."""
    (folder / "alice.key").write_bytes(lab.key_pem(server.first.key))
    (folder / "alice.pem").write_text(lab.certificate_pem(server.first.chain[0]))
    environment = {"PATH": "/usr/bin:/bin", "TROTH_CONFIG": str(folder / "config.json")}

    def troth(*words, check=True):
        return lab.run(lab.program("troth"), *words, check=check, env=environment)

    troth("login", "--server", f"https://localhost:{server.ports['operator']}", "--certificate",
          str(folder / "alice.pem"), "--key", str(folder / "alice.key"), "--root",
          str(server.root_pem))
    return troth


def test_others_go_on_meanwhile_and_it_makes_few_crls(troth, alice):
    """While thousands are retired, one device is revoked at once and another enrols."""
    alice.add_product("meter")
    import_batch(alice, "meter", "many", 20000)
    import_batch(alice, "meter", "one", 3)
    [certificate] = enrol_some(troth, alice, "meter", "one", 1)
    token = alice.post("/tokens", {"product": "meter", "serial": "one-1"}).ok()["token"]
    crls = metric(troth, "troth_crls_signed_total")

    did = alice.post("/bulks", {"verb": "retire", "batch": "many"}).ok()
    alice.set("meter", "one-0", "revoke").ok()
    lab.Device(troth, "meter").enrol(lab.make_csr(lab.make_key(), "one-1"),
                                     basic=("one-1", token)).certificates()
    row = alice.get(f"/bulks/{did['bulk']}").ok()
    assert row["state"] == "running" and row["left"] > 0, row
    assert alice.certificate_state(certificate) == "revoked"
    ended(alice, did["bulk"])
    assert metric(troth, "troth_crls_signed_total") - crls <= 4
    troth.stop_and_audit()


def test_after_a_crash_it_goes_on_by_itself(troth, alice):
    alice.add_product("meter")
    import_batch(alice, "meter", "many", 20000)
    number = alice.post("/bulks", {"verb": "retire", "batch": "many"}).ok()["bulk"]
    seed = random.randrange(1 << 32)
    instants = random.Random(seed)
    lefts = []
    for _ in range(4):
        time.sleep(instants.uniform(0.0, 0.05))
        troth.kill()
        troth.start()
        lefts.append(alice.get(f"/bulks/{number}").ok()["left"])
    assert any(0 < left < 20000 for left in lefts), (seed, lefts)
    assert lefts == sorted(lefts, reverse=True), (seed, lefts)
    assert ended(alice, number)["done"] == 20000, seed
    assert states(alice, "meter", "many") == ["retired"] * 20000
    alice.post("/bulks", {"verb": "retire", "batch": "many"}).problem(409, "E4020")
    troth.stop_and_audit()


def test_an_open_transfer_ends_with_its_device(troth, alice):
    alice.add_product("meter")
    alice.import_devices("meter", {"SN-1": lab.make_key(), "SN-2": None}, owner="seller")
    seller, buyer = person(alice, "sven", "operator", "seller"), person(alice, "bert", "operator", "buyer")
    asked = released(seller, "meter")
    ended(alice, alice.post("/bulks", {"verb": "retire", "owner": "seller"}).ok()["bulk"])
    assert buyer.get(f"/transfers/{asked['object']}").ok()["state"] == "aborted"
    assert alice.show("meter", "SN-1")["device"]["owner"] == "seller"
    troth.stop_and_audit()


def test_above_the_limit_it_takes_two_people(troth):
    people = People(troth)
    number = waiting(people.alice.post("/products", {"name": "meter"}))["approval"]
    for one in (people.alice, people.bob):
        sign(one, number).ok()
    becomes(people.alice, number, "executed")
    import_batch(people.alice, "meter", "big", LIMIT + 1)
    import_batch(people.alice, "meter", "small", LIMIT)
    import_batch(people.alice, "meter", "more", 5)

    # a small one needs nobody, but not one after the other
    small = people.alice.post("/bulks", {"verb": "retire", "batch": "small"}).ok()
    ended(people.alice, small["bulk"])
    assert people.alice.post("/bulks", {"verb": "retire", "batch": "more"},
                             dry_run="true").ok()["two_people"] is True
    waiting(people.alice.post("/bulks", {"verb": "retire", "batch": "more"}))

    request = waiting(people.alice.post("/bulks", {"verb": "retire", "batch": "big"}))
    body = body_of(people.bob, request["approval"])
    assert b"bulk_run" in body and b"retire" in body and b"big" in body
    sign(people.alice, request["approval"]).ok()
    time.sleep(0.5)
    assert states(people.alice, "meter", "big") == ["expected"] * (LIMIT + 1)
    # what joins the batch meanwhile is not what they signed
    people.alice.import_csv("product,serial,batch\nmeter,late,big\n").ok()
    sign(people.bob, request["approval"]).ok()
    becomes(people.bob, request["approval"], "executed")
    bulk = next(one["id"] for one in people.alice.pages("/bulks") if one["batch"] == "big")
    assert ended(people.alice, bulk)["done"] == LIMIT + 1
    assert people.alice.state("meter", "late") == "expected"
    troth.stop_and_audit()
