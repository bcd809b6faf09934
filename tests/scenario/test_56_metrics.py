"""What monitors read: promtool takes the live text, its figures are those of the rows, and the alert rules that
come with Troth do what their own tests say and ask for nothing that /metrics does not have."""

import pathlib
import re
import sqlite3
import subprocess

import pytest
import yaml

import lab
from test_76_boundaries import new_boundary

RULES = pathlib.Path(__file__).resolve().parents[2] / "packaging/prometheus"
PLAIN = {"Accept": "text/plain"}
LINE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?) (\d+)$')
AGES = (3600, 86400, 604800, 2592000, 7776000, 31536000)


def promtool(*words, text=None):
    return subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def owing(tmp_path_factory):
    server = lab.Server(tmp_path_factory.mktemp("metrics") / "troth", {
        "sandbox": {"landlock": "off"},
        "webhooks": [{"name": "siem", "url": "http://127.0.0.1:1/", "owner": "nobody"}]}).init()
    try:
        server.start()
        alice = server.bootstrap()
        alice.add_product("valve")
        for serial in ("SECRET-1", "SECRET-2"):
            key = lab.make_key()
            alice.import_devices("valve", {serial: key})
            leaf = lab.Device(server, "valve").enrol(lab.make_csr(key, serial)).certificates()[0]
            assert lab.Device(server, "valve", key, [leaf]).cacerts().status == 200
        new_boundary(alice, "gate").enrolled().use()
        assert lab.eventually(lambda: "troth_cutoff_seconds_count" in plain(alice))
        yield server, alice
        server.stop()
    finally:
        server.kill()


def plain(alice):
    answer = alice.request("GET", "/metrics", headers=PLAIN)
    assert answer.status == 200 and answer.media_type == "text/plain"
    return answer.body.decode()


def samples(text):
    """(name, labels) -> value."""
    found = [LINE.match(line).groups() for line in text.splitlines() if not line.startswith("#")]
    return {(name, labels or ""): float(value) for name, labels, value, _ in found}


def test_promtool_takes_what_a_server_says(owing):
    done = promtool("check", "metrics", text=plain(owing[1]))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_would_see_a_metric_without_help(owing):
    text = "\n".join(line for line in plain(owing[1]).splitlines() if "HELP troth_devices" not in line) + "\n"
    done = promtool("check", "metrics", text=text)
    assert done.returncode != 0 and "troth_devices no help text" in done.stderr


def test_both_formats_have_the_same_families(owing):
    plain_text = plain(owing[1])
    text = owing[1].request("GET", "/metrics").body.decode()
    assert text.endswith("# EOF\n") and "# EOF" not in plain_text
    names = [{line.split()[2].removesuffix("_total") for line in one.splitlines() if line.startswith("# TYPE ")}
             for one in (text, plain_text)]
    assert names[0] == names[1] and "# TYPE troth_findings_age_seconds gaugehistogram" in text
    assert text.count("# TYPE ") == len(names[0])  # each family once: its samples come together


def test_figures_are_those_of_the_rows(owing):
    server, alice = owing
    with sqlite3.connect(f"file:{server.folder}/data/store/troth.db?mode=ro", uri=True) as base:
        rows = base.execute("SELECT check_id, severity, began_at FROM finding WHERE ifnull(closed_at, 0) = 0").fetchall()
    assert rows
    before, seen, after = alice.get("/check").ok(), samples(plain(alice)), alice.get("/check").ok()
    old, new = ({item["check"]: item for item in answer["checks"]} for answer in (before, after))
    for item in old.values():
        debt, = [value for (name, labels), value in seen.items()
                 if name == "troth_debt_weighted_seconds" and f'check="{item["check"]}"' in labels]
        assert item["debt_s"] <= debt <= new[item["check"]]["debt_s"]
    assert sum(name == "troth_debt_weighted_seconds" for name, _ in seen) == 45
    for severity, word in enumerate(("none", "low", "medium", "high", "critical")):
        n = sum(row[1] == severity for row in rows)
        counts = [seen.get(("troth_findings_age_seconds_bucket", f'severity="{word}",le="{limit}"'), 0)
                  for limit in (*AGES, "+Inf")]
        assert counts == [n] * 7  # all are younger than an hour
        assert seen.get(("troth_findings_age_seconds_count", f'severity="{word}"'), 0) == n
    assert seen["troth_waivers_in_force", ""] == seen["troth_waivers_lapsed", ""] == 0
    assert seen["troth_instants_lag_seconds", ""] <= 60
    assert seen["troth_sweep_rows_left", ""] == seen["troth_sweep_age_seconds", ""] == 0
    assert alice.get("/status").ok()["sweep"] == {"left": 0, "began": None}


def test_labels_are_few_and_name_nobody(owing):
    text = plain(owing[1])
    assert "SECRET" not in text and "valve" not in text
    assert {label for line in text.splitlines() if not line.startswith("#")
            for label in re.findall(r'(\w+)="', line)} <= {"state", "check", "severity", "le", "part", "webhook", "boundary"}


def test_an_owner_reads_his_own_and_nothing_of_the_whole(owing):
    bob = owing[1].add_operator("bob", role="viewer", scope="acme")
    seen = samples(plain(bob))
    his = ("troth_debt", "troth_findings", "troth_devices", "troth_certificates")
    assert ("troth_debt_weighted_seconds", 'check="TD-36",severity="medium"') in seen
    assert [one for one in seen.items() if one[0][0].startswith(his) and one[1] != 0] == [
        (("troth_certificates_issued_total", ""), seen["troth_certificates_issued_total", ""])]  # since the start, of all
    assert not any(name.startswith(("troth_waivers", "troth_sweep")) for name, _ in seen)
    assert "sweep" not in bob.get("/status").ok()


def test_the_rules_pass_their_own_tests():
    checked = promtool("check", "rules", RULES / "troth-alerts.yml")
    assert checked.returncode == 0 and "13 rules found" in checked.stdout, checked.stderr
    tested = promtool("test", "rules", RULES / "troth-alerts-test.yml")
    assert tested.returncode == 0 and "SUCCESS" in tested.stdout, tested.stdout


def test_every_rule_has_a_test_and_asks_for_what_is_there(owing):
    rules = yaml.safe_load((RULES / "troth-alerts.yml").read_text())["groups"][0]["rules"]
    tests = yaml.safe_load((RULES / "troth-alerts-test.yml").read_text())["tests"]
    tested = {(one["alertname"], bool(one["exp_alerts"])) for test in tests for one in test["alert_rule_test"]}
    names = {name for name, _ in samples(plain(owing[1]))}
    for rule in rules:
        assert {(rule["alert"], True), (rule["alert"], False)} <= tested
        assert set(re.findall(r"troth_[a-z_]+", rule["expr"])) <= names
