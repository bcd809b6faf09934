"""troth on the real server: every answer for people and for programs, every exit status."""

import json
import os
import re
import subprocess

import pytest

import lab

FAILED, USAGE, WARNING, REFUSED, UNAUTHORISED, NOT_FOUND, UNREACHABLE, CONFLICT = (
    1, 2, 3, 5, 6, 7, 8, 9)


class Troth:
    """The program with a profile of its own."""

    def __init__(self, config):
        self.config = config

    def __call__(self, *words, status=0):
        done = lab.run(lab.program("troth"), *map(str, words), check=False,
                       env={**os.environ, "TROTH_CONFIG": str(self.config)})
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *words):
        return json.loads(self(*words, "--json").stdout)


@pytest.fixture
def cli(shared):
    """Logged in as the shared server's first operator."""
    folder = shared.scratch()
    folder.mkdir()
    alice = shared.first
    (folder / "key.pem").write_bytes(lab.key_pem(alice.key))
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_text(lab.certificate_pem(alice.chain[0]))
    troth = Troth(folder / "config.json")
    troth("login", "--server", f"https://localhost:{shared.ports['operator']}", "--certificate",
          folder / "cert.pem", "--key", folder / "key.pem", "--root", shared.root_pem)
    return troth


@pytest.fixture
def name(request):
    return request.node.name.replace("test_", "")[:40]


# ---- becoming an operator ------------------------------------------------------------------------


def test_bootstrap_makes_key_certificate_and_profile(troth, tmp_path):
    config = tmp_path / "op" / "config.json"
    first = Troth(config)
    words = ["operator", "bootstrap", "alice", "--socket", troth.folder / "local.sock", "--server",
             f"https://localhost:{troth.ports['operator']}"]
    assert "alice, admin" in first(*words).stdout
    assert (tmp_path / "op" / "alice.key").stat().st_mode & 0o777 == 0o600
    assert config.stat().st_mode & 0o777 == 0o600
    assert [one["name"] for one in first.json("operator", "list")] == ["alice"]
    second = Troth(tmp_path / "other" / "config.json")
    second("operator", "bootstrap", "eve", *words[3:], status=UNAUTHORISED)
    assert not (tmp_path / "other" / "config.json").exists()


def test_a_profile_that_does_not_work_is_not_written(shared, tmp_path):
    key = lab.make_key()
    (tmp_path / "key.pem").write_bytes(lab.key_pem(key))
    (tmp_path / "cert.pem").write_text(lab.certificate_pem(lab.make_certificate(key, "x")))
    troth = Troth(tmp_path / "config.json")
    troth("status", status=USAGE)
    troth("login", "--server", f"https://localhost:{shared.ports['operator']}", "--certificate",
          tmp_path / "cert.pem", "--key", tmp_path / "key.pem", "--root", shared.root_pem,
          status=UNAUTHORISED)
    assert not (tmp_path / "config.json").exists()


def test_another_operator_gets_what_his_role_allows(shared, cli, tmp_path):
    key = lab.make_key()
    (tmp_path / "bob.csr").write_text(lab.csr_pem(lab.make_csr(key)))
    (tmp_path / "bob.key").write_bytes(lab.key_pem(key))
    cli("operator", "add", "bob", "--role", "viewer", "--csr", tmp_path / "bob.csr", "--out",
        tmp_path / "bob.pem")
    bob = Troth(tmp_path / "config.json")
    done = bob("login", "--server", f"https://localhost:{shared.ports['operator']}",
               "--certificate", tmp_path / "bob.pem", "--key", tmp_path / "bob.key", "--root",
               shared.root_pem)
    assert "bob, viewer" in done.stdout
    refused = bob("product", "add", "x", status=UNAUTHORISED)
    assert "E2002" in refused.stderr


# ---- things --------------------------------------------------------------------------------------


def test_products_and_dry_runs(cli, name):
    assert "would do" in cli("product", "add", name, "--dry-run").stdout
    cli("product", "show", name, status=NOT_FOUND)
    cli("product", "add", name, "--validity", "30d", "--proofs", "token,idevid",
        "--least-proof", "idevid", "--enrols-a-year", "7", "--keys", "p384,rsa")
    shown = cli.json("product", "show", name)
    assert shown["validity_s"] == 30 * 86400
    assert shown["proofs"] == ["token", "idevid"]
    assert (shown["least_proof"], shown["enrols_a_year"]) == ("idevid", 7)
    assert shown["keys"] == ["p384", "rsa"]
    cli("product", "set", name, "--keys", "p256")
    assert cli.json("product", "show", name)["keys"] == ["p256"]
    cli("product", "set", name, "--keys", "dsa", status=FAILED)
    cli("product", "add", name, status=CONFLICT)


def test_an_import_keeps_good_lines_and_names_bad_ones(cli, name, tmp_path):
    cli("product", "add", name)
    table = tmp_path / "fleet.csv"
    table.write_text(f"product,serial,hold\n{name},S1,\n{name},,\n{name},S2,yes\n{name},S3,maybe\n")
    assert cli.json("device", "list", "--product", name) == []
    assert cli("device", "import", table, "--dry-run", status=FAILED).stdout.startswith("would do")
    assert cli.json("device", "list", "--product", name) == []
    done = cli("device", "import", table, status=FAILED)
    assert "created 2" in done.stdout and "E1002" in done.stdout
    devices = {one["serial"]: one for one in cli.json("device", "list", "--product", name)}
    assert set(devices) == {"S1", "S2"} and devices["S2"]["hold"] is True
    table.write_text(f"product,serial\n{name},S1\n")
    assert "unchanged 1" in cli("device", "import", table).stdout


def test_an_import_takes_json_too(cli, name, tmp_path):
    cli("product", "add", name)
    objects = [{"product": name, "serial": "J1", "owner": "north"}, {"product": name, "serial": "J2", "hold": "yes"},
               {"product": name, "serial": "J3", "hold": True}]
    file = tmp_path / "fleet.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in objects))
    done = cli("device", "import", file, status=FAILED)
    assert "created 2" in done.stdout and "hold: seen true, wanted text" in done.stdout
    devices = {one["serial"]: one for one in cli.json("device", "list", "--product", name)}
    assert devices["J1"]["owner"] == "north" and devices["J2"]["hold"] is True and "J3" not in devices
    file.write_text(json.dumps(objects))
    assert "seen an array, wanted a JSON object" in cli("device", "import", file, status=FAILED).stdout


def test_every_verb_on_a_device_leaves_its_state(cli, name, tmp_path):
    cli("product", "add", name)
    (tmp_path / "fleet.csv").write_text(f"product,serial\n{name},S 1+\n")
    cli("device", "import", tmp_path / "fleet.csv")

    def after(verb, *more):
        cli("device", verb, name, "S 1+", *more)
        return cli.json("device", "show", name, "S 1+")["device"]

    assert after("hold")["hold"] is True
    assert after("admit", "--note", "seen it")["hold"] is False
    assert after("quarantine")["state"] == "quarantined"
    assert after("readmit")["state"] == "expected"
    assert after("lost")["state"] == "lost"
    assert after("found")["state"] == "quarantined"
    assert "would do" in cli("device", "retire", name, "S 1+", "--dry-run").stdout
    assert cli.json("device", "show", name, "S 1+")["device"]["state"] == "quarantined"
    assert after("retire")["state"] == "retired"
    cli("permit", "add", name, "S 1+", "--ttl", "1h")
    cli("device", "readmit", name, "S 1+", status=CONFLICT)


def test_a_token_stands_alone_and_a_dry_run_has_none(cli, name, tmp_path):
    cli("product", "add", name)
    (tmp_path / "fleet.csv").write_text(f"product,serial\n{name},S1\n")
    cli("device", "import", tmp_path / "fleet.csv")
    token = cli("token", "add", name, "S1", "--ttl", "1h").stdout
    assert len(token.strip()) == 32 and token.count("\n") == 1
    assert "token" not in cli.json("token", "add", name, "S1", "--dry-run")


def test_certificates_are_listed_shown_and_revoked(shared, cli, name):
    shared.first.add_product(name)
    key = lab.make_key()
    shared.first.import_devices(name, {"S1": key})
    device = lab.Device(shared, name)
    leaf = device.enrol(lab.make_csr(key, "S1")).certificates()[0]
    serial = lab.serial_hex(leaf)
    assert [one["serial"] for one in cli.json("cert", "list", "--product", name)] == [serial]
    assert "unspecified" not in cli("cert", "list", "--product", name).stdout
    shown = cli("cert", "show", serial).stdout
    assert lab.certificate_pem(leaf) in shown
    cli("cert", "revoke", serial, "--reason", "superseded", "--note", "test")
    assert cli.json("cert", "show", serial)["state"] == "revoked"
    assert " superseded " in cli("cert", "list", "--product", name).stdout
    cli("cert", "show", "00" * 16, status=NOT_FOUND)


def test_a_list_of_many_pages_is_one_array(cli, name, tmp_path):
    cli("product", "add", name)
    rows = "".join(f"{name},S{i:04}\n" for i in range(450))
    (tmp_path / "fleet.csv").write_text("product,serial\n" + rows)
    cli("device", "import", tmp_path / "fleet.csv")
    assert len(cli.json("device", "list", "--product", name)) == 450
    assert len(cli.json("device", "list", "--product", name, "--limit", "260")) == 260
    lines = cli("device", "list", "--product", name).stdout.splitlines()
    assert len(lines) == 451 and lines[0].startswith("PRODUCT")


# ---- the server ----------------------------------------------------------------------------------


def test_findings_come_with_what_they_are_and_what_mends_them(shared, cli, name):
    shared.first.add_product(name)
    key = lab.make_key()
    shared.first.import_devices(name, {"S1": key, "S 2": None})
    lab.Device(shared, name).enrol(lab.make_csr(key, "S1")).certificates()
    token = cli("token", "add", name, "S 2").stdout.strip()
    copied = lab.Device(shared, name).enrol(lab.make_csr(key, "S 2"), basic=("S 2", token))
    assert copied.status in (401, 403), copied
    for found in (cli.json("finding", "list", "--product", name, "--serial", "S 2"),
                  cli.json("device", "show", name, "S 2")["findings"],
                  [one for one in cli.json("status")["owed"] if one["product"] == name
                   and one["serial"] == "S 2"]):
        one = next(one for one in found if one["check"] == "TD-01")
        assert (one["title"], one["severity"]) == ("key-shared", "critical")
        assert one["mend"] == f'troth device readmit {name} "S 2"'  # it is quarantined already
    table = cli("finding", "list", "--product", name).stdout
    assert "key-shared" in table and "critical" in table
    assert f'troth device readmit {name} "S 2"' in cli("status").stdout


def test_status_check_and_ledger(shared, cli):
    status = cli.json("status")
    assert status["operator"]["name"] == "alice" and status["ledger"]["entries"] > 0
    shown = cli("status").stdout
    names = {one["product"] for one in cli.json("status")["owed"]}
    assert all(len(line) <= 80 or any(one and one in line for one in names) for line in shown.splitlines()), shown
    unmeasured = {one["check"] for one in cli.json("status")["unmeasured"]}
    assert {"TD-15", "TD-26"} <= unmeasured and f"\nunmeasured    {len(unmeasured)} of 45 checks" in shown
    for one in cli.json("status")["unmeasured"]:
        assert f"{one['check']} {one['title']}" in shown
    check = subprocess.run([lab.program("troth"), "check", "--json"], capture_output=True,
                           text=True, check=False, timeout=60,
                           env={**os.environ, "TROTH_CONFIG": str(cli.config)})
    said = json.loads(check.stdout)
    assert check.returncode == {"ok": 0, "warning": WARNING, "critical": 4}[said["status"]]
    assert lab.eventually(lambda: (shared.folder / "public/checkpoint").exists())
    assert lab.eventually(lambda: lab.run(lab.program("troth"), "audit", "checkpoint", check=False, env={
        **os.environ, "TROTH_CONFIG": str(cli.config)}).returncode == 0)
    note = cli("audit", "checkpoint").stdout
    assert note == cli.json("audit", "checkpoint")["checkpoint"]
    assert note.split("\n")[1].isdigit()
    kept = shared.scratch()
    kept.write_text(note)
    cli("audit", "verify", "--config", shared.config_file, "--checkpoint", kept)
    cli("audit", "replay", "--config", shared.config_file)
    cli("config", "check", "--config", shared.config_file)
    entries = cli.json("audit", "entries", "--limit", "3")
    assert [one["entry"] for one in entries] == [0, 1, 2]
    assert {one["kind"] for one in cli.json("issuer", "list")} == {
        "root", "idevid", "ldevid", "operations"}


def test_nobody_at_the_other_end(cli, tmp_path):
    profile = json.loads(cli.config.read_text())
    profile["server"] = "https://localhost:1"
    (tmp_path / "config.json").write_text(json.dumps(profile))
    Troth(tmp_path / "config.json")("status", status=UNREACHABLE)


def test_a_server_of_another_root_is_not_talked_to(cli, tmp_path):
    key = lab.make_key()
    (tmp_path / "root.pem").write_text(
        lab.certificate_pem(lab.make_certificate(key, common_name="Other", is_ca=True)))
    profile = json.loads(cli.config.read_text())
    profile["root"] = str(tmp_path / "root.pem")
    (tmp_path / "config.json").write_text(json.dumps(profile))
    done = Troth(tmp_path / "config.json")("status", status=UNREACHABLE)
    assert "E8005" in done.stderr


# ---- words ---------------------------------------------------------------------------------------


def test_failures_are_json_for_programs(cli):
    done = cli("device", "show", "none", "none", "--json", status=NOT_FOUND)
    assert json.loads(done.stderr)["code"] == "E4001" and done.stdout == ""


def test_wrong_words_are_named(cli):
    for words, part in (((), "wanted one of: init"), (("device",), "wanted one of: import"),
                        (("device", "show", "p"), "SERIAL is missing"),
                        (("product", "add", "x", "--validity", "9w"), "90s, 15m, 12h or 30d")):
        assert part in cli(*words, status=USAGE).stderr


def test_errors_are_explained(cli):
    assert "Next:" in cli("help", "e3003").stdout
    assert len(cli.json("help")) > 30
    cli("help", "E0001", status=NOT_FOUND)


def test_every_error_has_a_cause_and_a_cure_that_exists(cli):
    """What a cure tells people to type is a command with those options."""
    commands = [line.split() for line in cli("--commands").stdout.splitlines()]
    typed = 0
    for row in cli.json("help"):
        assert row["meaning"] and row["next"] and row["meaning"] != row["next"]
        assert not re.fullmatch(r"The message [^:;,.]*\.", row["next"]), row
        for call in re.findall(r"`troth ([^`]*)`", row["meaning"] + row["next"]):
            typed += 1
            words = ["device" if word == "NOUN" else word for word in call.split()]
            noun = [one for one in commands if one[0] == words[0]]
            assert noun, f"{row['code']}: no command {call!r}"
            known = [one for one in noun if words[1:2] == one[1:2] or not "".join(one[1:2])[:1].islower()]
            options = {word for word in words if word.startswith("--")}
            assert any(options <= set(one) for one in known), f"{row['code']}: {call!r}"
    assert typed > 10


def test_every_command_has_help_and_a_line_for_completion(cli):
    lines = cli("--commands").stdout.splitlines()
    assert len(lines) > 35
    for line in lines:
        words = [word for word in line.split() if word[0] != "-" and word.islower()]
        if words[0] not in ("init", "demo") and words[:2] not in (
                ["config", "check"], ["audit", "verify"], ["audit", "replay"], ["audit", "export"],
                ["audit", "proof"]):
            assert cli(*words, "--help").stdout.startswith("usage: troth")
