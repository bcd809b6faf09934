"""troth check and troth device show: what is owed, check by check, by exit status and with the
evidence for every verdict."""

import json
import subprocess

import pytest

import lab

OK, FAILED, USAGE, WARNING, CRITICAL, NOT_FOUND = 0, 1, 2, 3, 4, 7


def enrolled(server, alice, product, serial, owner="acme", proof="registered-key"):
    """A device that has used its certificate -> its key."""
    key = lab.make_key()
    if proof == "token":
        alice.import_devices(product, {serial: None}, owner=owner)
        token = alice.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
        answer = lab.Device(server, product).enrol(lab.make_csr(key, serial), basic=(serial, token))
    else:
        alice.import_devices(product, {serial: key}, owner=owner)
        answer = lab.Device(server, product).enrol(lab.make_csr(key, serial))
    lab.Device(server, product, key, answer.certificates()).cacerts()
    assert lab.eventually(lambda: alice.state(product, serial) == "active")
    return key


@pytest.fixture(scope="module")
def fleet(shared):
    """good: a device without a finding. weak: one that enrolled by too little (TD-06, high). copied:
    two with one key (TD-01, critical). -> alice"""
    alice = shared.first
    for name in ("good", "copied"):
        alice.add_product(name, proofs=["registered-key", "token"])
    alice.add_product("weak", proofs=["token"], least_proof="idevid")
    enrolled(shared, alice, "good", "G-1")
    enrolled(shared, alice, "good", "G-2", owner="bolt")
    enrolled(shared, alice, "weak", "W-1", proof="token")
    key = enrolled(shared, alice, "copied", "C-1")
    alice.import_devices("copied", {"C-2": None}, owner="bolt")
    token = alice.post("/tokens", {"product": "copied", "serial": "C-2"}).ok()["token"]
    refused = lab.Device(shared, "copied").enrol(lab.make_csr(key, "C-2"), basic=("C-2", token))
    assert refused.status in (401, 403), refused
    return alice


@pytest.fixture(scope="module")
def cli(fleet, tmp_path_factory):
    return fleet.command_line(tmp_path_factory.mktemp("cli") / "alice")


def said(cli, *words):
    done = cli("check", *words, "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def states(answer, state):
    return {one["check"] for one in answer["checks"] if one["state"] == state}


# ---- exit status ---------------------------------------------------------------------------------


def test_a_product_without_findings_is_ok(cli):
    status, answer = said(cli, "--product", "good")
    assert status == OK and answer["status"] == "ok", answer
    assert answer["open"] == answer["debt_s"] == 0 and states(answer, "open") == set()
    assert {"TD-01", "TD-06", "TD-12"} <= states(answer, "holds")


def test_something_open_is_a_warning(cli):
    status, answer = said(cli, "--product", "weak")
    assert status == WARNING and answer["status"] == "warning", answer
    weak, = [one for one in answer["checks"] if one["check"] == "TD-06"]
    assert weak["state"] == "open" and weak["open"] == 1 and weak["serial"] == "W-1"
    assert weak["severity"] == "high" and weak["oldest"] is not None


def test_something_critical_is_critical_also_of_the_fleet(cli):
    assert said(cli, "--product", "copied")[0] == CRITICAL
    status, answer = said(cli)
    assert status == CRITICAL and {"TD-01", "TD-06"} <= states(answer, "open")
    shared, = [one for one in answer["checks"] if one["check"] == "TD-01"]
    assert shared["mend"].startswith("troth device ") and "copied" in shared["mend"]


def test_one_device(cli):
    assert said(cli, "--product", "copied", "--serial", "C-1")[0] == CRITICAL
    assert said(cli, "--product", "weak", "--serial", "W-1")[0] == WARNING
    status, answer = said(cli, "--product", "good", "--serial", "G-1")
    assert status == OK and answer["judged"] == 1
    assert "TD-22" not in {one["check"] for one in answer["checks"]}  # about no device


# ---- what it says --------------------------------------------------------------------------------


def test_what_nobody_measures_never_holds(cli):
    _, answer = said(cli)
    unmeasured = states(answer, "unmeasured")
    for number in (15, 19, 20, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 39, 40, 41, 44):
        assert f"TD-{number}" in unmeasured
    assert answer["unmeasured"] == len(unmeasured)
    assert len(answer["checks"]) == 45
    text = cli("check", check=False).stdout
    hold = text.split("\nHold\n")[1].split("\nUnmeasured")[0]
    assert "TD-25" not in hold and "TD-25" in text.split("\nUnmeasured")[1]


def test_the_sums_are_those_of_the_findings_and_of_debt(fleet, cli):
    _, answer = said(cli, "--product", "copied")
    findings = fleet.pages("/findings", product="copied")
    asked = {"product": "copied", "as_of": answer["as_of"]}
    assert lab.eventually(lambda: fleet.get("/debt", **asked).status == 200)  # its second is not complete yet
    debt = fleet.get("/debt", **asked).ok()["total"]
    assert answer["open"] == len(findings) == sum(one["open"] for one in answer["checks"])
    assert answer["debt_s"] == debt["debt_s"] == sum(one["debt_s"] for one in answer["checks"])
    oldest = min(one["began"] for one in findings)
    assert min(one["oldest"] for one in answer["checks"] if one["oldest"]) == oldest


def test_for_people(cli):
    done = cli("check", check=False)
    assert done.returncode == CRITICAL
    first = done.stdout.splitlines()[0]
    assert first.startswith("critical: ") and "owed, weighted" in first
    assert "Open, and the command that mends the oldest" in done.stdout
    owed = cli("status").stdout
    assert "OWED SINCE" in owed and "troth-agent enrol" in owed


def test_a_scope_is_checked_for_itself(shared, fleet, tmp_path):
    bolt = fleet.add_operator("bob", "viewer", "bolt").command_line(tmp_path / "bolt")
    _, answer = said(bolt)
    assert answer["status"] == "ok" or "TD-06" not in states(answer, "open"), answer
    numbers = {one["check"] for one in answer["checks"]}
    assert "TD-22" not in numbers and "TD-21" not in numbers  # the installation is not his
    assert said(bolt, "--product", "good")[0] == OK
    assert bolt("check", "--product", "weak", check=False).returncode == NOT_FOUND
    assert bolt("check", "--product", "good", "--serial", "G-1", check=False).returncode == NOT_FOUND


def test_what_cannot_be_checked(fleet, cli):
    assert cli("check", "--product", "goods", check=False).returncode == NOT_FOUND
    assert cli("check", "--product", "good", "--serial", "none", check=False).returncode == NOT_FOUND
    assert cli("check", "--serial", "G-1", check=False).returncode == USAGE
    fleet.get("/check", serial="G-1").problem(400, "E1002")
    fleet.get("/check", product="good", owner="nobody").problem(404, "E4001")
    fleet.get("/check", product="good", serial="G-1", owner="acme").problem(400, "E1002")
    fleet.get("/check", product="good", state="active").problem(400, "E1002")


# ---- why a verdict is what it is -----------------------------------------------------------------


def item(detail, check):
    return next(one for one in detail["checklist"] if one["check"] == check)


def test_a_trusted_device_is_explained(fleet):
    detail = fleet.show("good", "G-1")
    assert detail["verdict"]["verdict"] == detail["device"]["verdict"] == "trusted"
    assert detail["verdict"]["why"] == "its certificate is valid and no finding refuses it"
    assert detail["verdict"]["next"] is not None
    deferred = item(detail, "TD-08")
    assert deferred["state"] == "holds" and deferred["next"] > detail["certificates"][0]["not_before"]
    facts = {one["fact"]: one for one in deferred["facts"]}
    assert facts["certificate until"]["at"] == detail["certificates"][0]["not_after"]
    settings = {one["setting"]: one for one in deferred["thresholds"]}
    assert settings["renew-by"]["source"] == "default" and "85" in settings["renew-by"]["value"]
    assert item(detail, "TD-25")["state"] == "unmeasured"


def test_an_open_check_says_since_when_by_what_and_what_mends_it(fleet):
    detail = fleet.show("weak", "W-1")
    weak = item(detail, "TD-06")
    assert weak["state"] == "open" and weak["mend"] == "troth-agent enrol"
    finding, = [one for one in detail["findings"] if one["check"] == "TD-06"]
    assert weak["finding"] == finding["id"] and weak["since"] == finding["began"]
    facts = {one["fact"]: one for one in weak["facts"]}
    assert facts["proof shown"]["value"] == "token"
    least, = weak["thresholds"]
    assert least["setting"] == "least-proof" and least["source"] == "product"


def test_a_quarantine_is_explained_with_its_way_out(fleet, cli):
    detail = fleet.show("copied", "C-2")
    assert detail["verdict"]["verdict"] == "quarantined"
    assert "readmits it" in detail["verdict"]["change"]
    copied = item(detail, "TD-01")
    assert copied["state"] == "open" and copied["effect"] == "quarantine"
    assert copied["mend"] == 'troth device readmit copied "C-2"'
    text = cli("device", "show", "copied", "C-2").stdout
    assert "it is quarantined" in text and "key also another's yes" in text
    assert "that nobody measures here" in text


def test_expected_is_no_verdict_of_a_finding(fleet):
    fleet.import_devices("good", {"G-9": None}, owner="acme")
    detail = fleet.show("good", "G-9")
    assert detail["verdict"]["verdict"] == "refused"
    assert detail["verdict"]["why"] == "nobody in this state is let in"


# ---- the zombie ----------------------------------------------------------------------------------


def test_a_zombie_is_who_is_gone_and_has_a_certificate_of_another_ca(fleet, cli, tmp_path):
    fleet.add_product("undead", proofs=["token"])
    fleet.import_devices("undead", {"Z-1": None}, owner="acme")
    other = lab.make_key()
    root = lab.make_certificate(other, is_ca=True, common_name="old CA")
    fleet.post("/anchors", {"product": "undead", "use": "inventory",
                            "certificate": lab.certificate_pem(root)}).ok()
    anchor = next(one["id"] for one in fleet.get("/anchors").ok()["items"]
                  if one["product"] == "undead")
    index = tmp_path / "index.txt"
    index.write_text("V\t350101000000Z\t\t0A\tunknown\t/CN=z/serialNumber=Z-1\n")
    cli("cert", "import", index, "--format", "openssl-index", "--issuer", anchor)
    assert "TD-17" not in states(said(cli, "--product", "undead")[1], "open")
    fleet.set("undead", "Z-1", "retire").ok()
    status, answer = said(cli, "--product", "undead")
    zombie, = [one for one in answer["checks"] if one["check"] == "TD-17"]
    assert status == CRITICAL and zombie["state"] == "open" and zombie["serial"] == "Z-1"
    mend = f"troth cert import LIST --format FORMAT --issuer {anchor}"
    assert zombie["mend"] == item(fleet.show("undead", "Z-1"), "TD-17")["mend"] == mend
    listed, = [one for one in fleet.pages("/findings") if one["check"] == "TD-17"]
    assert listed["mend"] == mend
    assert item(fleet.show("undead", "Z-1"), "TD-17")["next"] == "2035-01-01T00:00:01Z"

    index.write_text("R\t350101000000Z\t261101000000Z\t0A\tunknown\t/CN=z/serialNumber=Z-1\n")
    cli(*mend.replace("LIST", str(index)).replace("FORMAT", "openssl-index").split()[1:])
    assert "TD-17" in states(said(cli, "--product", "undead")[1], "holds")


# ---- a backup ------------------------------------------------------------------------------------


def trothd_check(*words):
    return lab.run(lab.program("trothd"), "check", *map(str, words), check=False)


def backup(server, folder):
    lab.run(lab.program("trothd"), "backup", str(folder), "--config", str(server.config_file))
    return folder


def digest(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_backup_is_judged_and_left_as_it_was(shared, fleet, cli, tmp_path):
    folder = backup(shared, tmp_path / "backup")
    before = digest(folder)
    done = trothd_check(folder, "--json")
    assert done.returncode == CRITICAL, done
    answer = json.loads(done.stdout)
    by_check = {one["check"]: one for one in answer["checks"]}
    assert len(by_check) == 45
    for number in ("TD-01", "TD-06"):
        one = by_check[number]
        assert one["stored"] == one["then"] == one["now"] == \
            len([f for f in fleet.pages("/findings") if f["check"] == number]), one
        assert one["debt_s"] > 0
    assert by_check["TD-25"]["state"] == "unmeasured" and by_check["TD-12"]["state"] == "holds"
    text = cli("check", folder, check=False)
    assert text.returncode == CRITICAL and text.stdout.startswith("critical: ")
    assert "TD-25" in text.stdout.split("unmeasured:")[1]
    assert digest(folder) == before


def test_what_is_no_backup_is_refused(shared, cli, tmp_path):
    none = tmp_path / "none"
    assert trothd_check(none).returncode not in (OK, WARNING, CRITICAL)
    file = tmp_path / "file"
    file.write_text("no backup")
    for seen in (file, tmp_path):
        done = trothd_check(seen)
        assert done.returncode not in (OK, WARNING, CRITICAL) and done.stderr, done
    folder = backup(shared, tmp_path / "changed")
    database = folder / "troth.db"
    octets = bytearray(database.read_bytes())
    octets[len(octets) // 2] ^= 1
    database.write_bytes(octets)
    done = trothd_check(folder)
    assert done.returncode not in (OK, WARNING, CRITICAL), done
    assert cli("check", folder, "--product", "good", check=False).returncode == USAGE


# ---- going live ----------------------------------------------------------------------------------


def answers(said):
    return [one["verdict"] for one in said["questions"]]


def evidence(said, question, name):
    return [one for one in said["questions"][question]["evidence"] if one["name"] == name]


def test_the_four_questions(fleet, cli):
    done = cli("check", "--product", "good", "--go-live", "--json", check=False)
    said_ = json.loads(done.stdout)
    assert [one["question"] for one in said_["questions"]] == [
        "How is identity issued?", "Where do keys live?", "How are updates signed?",
        "How are the retired removed?"]
    # One approver, and a lab: keys are not ready. No releases: never ready, and said so.
    assert answers(said_) == ["ready", "not-ready", "unmeasured", "unmeasured"], said_
    assert said_["verdict"] == "not-ready" and done.returncode == CRITICAL
    proof, = evidence(said_, 0, "proofs accepted")
    assert proof["value"] == "token, registered-key" and proof["says"] == "for"
    used, = evidence(said_, 0, "a device has used its certificate")
    entries = fleet.pages("/ledger/entries")
    assert entries[used["entry"]]["event"] == "certificate-proven"
    assert evidence(said_, 1, "root key")[0]["says"] == "against"
    assert evidence(said_, 1, "device keys in hardware, as proven")[0]["says"] == "noted"
    assert all((one["says"] == "noted") <= (not one["counts"]) for one in said_["questions"][1]["evidence"])
    assert evidence(said_, 2, "releases")[0]["says"] == "unmeasured"
    assert evidence(said_, 3, "tombstones")[0]["says"] == "unmeasured"


def test_what_speaks_against_a_product(fleet, cli):
    done = cli("check", "--product", "weak", "--go-live", "--format", "json", check=False)
    said_ = json.loads(done.stdout)
    assert answers(said_)[0] == "not-ready"
    weak, = evidence(said_, 0, "proof-too-weak")
    assert (weak["says"], weak["check"], weak["value"]) == ("against", "TD-06", "1 open, 0 waived")


def test_a_retired_device_is_the_evidence_of_removal(fleet, cli):
    fleet.add_product("gone", proofs=["token"])
    fleet.import_devices("gone", {"X-1": None}, owner="acme")
    fleet.set("gone", "X-1", "retire").ok()
    said_ = json.loads(cli("check", "--product", "gone", "--go-live", "--json", check=False).stdout)
    stone, = evidence(said_, 3, "tombstones")
    assert stone["says"] == "for" and stone["value"] == "1, such as X-1"
    assert fleet.pages("/ledger/entries")[stone["entry"]]["event"] == "device-retired"


def test_the_page_is_whole_and_escaped(fleet, cli):
    fleet.add_product("page", proofs=["token"])
    fleet.import_devices("page", {"X'1": None}, owner="acme")
    fleet.set("page", "X'1", "retire").ok()
    page = cli("check", "--product", "page", "--go-live", "--format", "html", check=False).stdout
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert "such as X&#39;1" in page and "X'1" not in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    for question in ("How is identity issued?", "Where do keys live?", "How are updates signed?",
                     "How are the retired removed?"):
        assert question in page


def test_going_live_is_no_question_of_a_scope(fleet, cli):
    bolt = fleet.add_operator("gustav", "viewer", "bolt")
    bolt.get("/products/good/go-live").problem(403, "E2002")
    fleet.get("/products/goods/go-live").problem(404, "E4001")
    assert cli("check", "--go-live", check=False).returncode == USAGE
    assert cli("check", "--format", "html", check=False).returncode == USAGE
    text = cli("check", "--product", "good", "--go-live", check=False)
    assert text.returncode == CRITICAL and "SAYS" in text.stdout and "LOOK AT" in text.stdout
