"""Control packs: every cell of every report is counted again by SQL on the server's database; packs of one's
own; the page prints."""

import collections
import csv
import html.parser
import io
import json
import pathlib
import re
import sqlite3
import subprocess

import jsonschema
import pytest
import yaml

import lab
from test_41_cli import Troth
from test_53_waivers import ask as waive, enrol

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKS = sorted(path.stem for path in (SOURCE / "packaging/packs").glob("*.yaml"))
WEIGHT = "(CASE severity WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 4 WHEN 4 THEN 8 END)"
KINDS = {"KIND_DEVICE": "device", "KIND_PRODUCT": "product", "KIND_ISSUER": "issuer",
         "KIND_FOREIGN": "foreign_certificate"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A server of which something is owed: a part of its sandbox is off, an owner is missing, which is waived, two
    pumps are weakly proven, of which one's is waived. And `troth` of Alice, and of Bob, who sees acme's alone."""
    folder = tmp_path_factory.mktemp("report")
    server = lab.Server(folder / "troth", {"sandbox": {"landlock": "off"}}).init()
    try:
        server.start()
        alice = server.bootstrap()
        alice.add_product("valve", proofs=["token", "registered-key"])
        for number in range(14):
            serial, owner = f"V-{number:02}", ["acme", "bolt", ""][number % 3]
            key = lab.make_key()
            alice.import_devices("valve", {serial: key}, owner)
            leaf = lab.Device(server, "valve").enrol(lab.make_csr(key, serial)).certificates()[0]
            assert lab.Device(server, "valve", key, [leaf]).cacerts().status == 200
        alice.add_product("pump", proofs=["token", "registered-key"], least_proof="registered-key")
        for serial, owner in (("A-1", "acme"), ("B-1", "bolt")):
            alice.import_devices("pump", {serial: None}, owner=owner)
            enrol(alice, "pump", serial)
        assert waive(alice, "TD-36", product="valve").ok()["created"] == 1
        assert waive(alice, "TD-06", product="pump", serial="B-1").ok()["created"] == 1
        assert lab.eventually((server.folder / "public/checkpoint").exists)
        yield server, alice, login(server, alice, folder)
        server.stop()
    finally:
        server.kill()


@pytest.fixture(scope="module")
def bob(fleet, tmp_path_factory):
    server, alice, _ = fleet
    return login(server, alice.add_operator("bob", role="viewer", scope="acme"), tmp_path_factory.mktemp("bob"))


def login(server, alice, folder):
    (folder / "key.pem").write_bytes(lab.key_pem(alice.key))
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_text(lab.certificate_pem(alice.chain[0]))
    troth = Troth(folder / "config.json")
    troth("login", "--server", f"https://localhost:{server.ports['operator']}", "--certificate",
          folder / "cert.pem", "--key", folder / "key.pem", "--root", server.root_pem)
    return troth


def query(server, text, *values):
    with sqlite3.connect(f"file:{server.folder}/data/store/troth.db?mode=ro", uri=True) as base:
        return base.execute(text, values).fetchall()


def instant(server, text):
    return query(server, "SELECT CAST(strftime('%s', ?) AS INT)", text)[0][0]


IN_FORCE = "w.created_at <= ?2 AND w.expires_at > ?2 AND (ifnull(w.ended_at, 0) = 0 OR w.ended_at > ?2)"
WAIVED = ("EXISTS (SELECT 1 FROM waiver w WHERE w.check_id = f.check_id AND w.device IN (0, f.device) AND w.product IN"
          f" (0, f.product) AND w.of_owner IN ('', f.owner) AND {IN_FORCE})")


def recount(server, checks, as_of_s, where="1"):
    """A control's open, debt_s, waived, waived_s, oldest, from the rows."""
    rows = query(server, f"SELECT {WEIGHT} * (?2 - began_at), began_at, {WAIVED} FROM finding f WHERE"
                         f" check_id IN (SELECT value FROM json_each(?1)) AND ifnull(closed_at, 0) = 0"
                         f" AND recorded_at <= ?2 AND {where}", json.dumps(checks), as_of_s)
    apart = [owed for owed, _, waived in rows if waived]
    owed = [owed for owed, _, waived in rows if not waived]
    return len(owed), sum(owed), len(apart), sum(apart), min((began for _, began, _ in rows), default=None)


def catalogue():
    """Number -> tables of the kinds that a check is about; none where no producer is built."""
    text = (SOURCE / "src/trust/include/trust/checks.def").read_text()
    rows = re.findall(r'^CHECK\((\d+), \w+, \w+, \w+, \w+, "[^"]*", ([A-Z_ |]+), "([^"]*)"', text, re.M)
    assert len(rows) == 45
    return {f"TD-{int(number):02}": [] if producer.endswith("(not built)") else kinds.split(" | ")
            for number, kinds, producer in rows}


def can_be_measured(server, check):
    """Is there a producer, and anything that the check could be about?"""
    return any(kind == "KIND_INSTALLATION" or query(server, f"SELECT count(*) FROM {KINDS[kind]}")[0][0]
               for kind in catalogue()[check])


def check_cells(server, report, pack, where="1", link="", kinds=tuple(KINDS) + ("KIND_INSTALLATION",)):
    """Every cell of a report, counted again."""
    as_of_s = instant(server, report["as_of"])
    items = {item["check"]: item for item in report["checks"]}
    states = collections.Counter()
    assert [control["id"] for control in report["controls"]] == [control["id"] for control in pack["controls"]]
    for control, wanted in zip(report["controls"], pack["controls"]):
        assert control["checks"] == wanted["checks"]
        *sums, oldest = recount(server, [int(check[3:]) for check in wanted["checks"]], as_of_s, where)
        assert [control[name] for name in ("open", "debt_s", "waived", "waived_s")] == sums
        assert control["oldest"] is None if oldest is None else instant(server, control["oldest"]) == oldest
        unmeasured = []
        for check in wanted["checks"]:
            if check not in items or items[check]["state"] == "unmeasured":
                unmeasured.append(check)
            else:
                assert can_be_measured(server, check) and set(kinds) & set(catalogue()[check]), items[check]
        assert control["unmeasured"] == unmeasured
        is_none = len(unmeasured) == len(wanted["checks"])
        assert control["state"] == ("open" if sums[0] else "waived" if sums[2] else "unmeasured" if is_none
                                    else "partly" if unmeasured else "holds")
        states[control["state"]] += 1
        assert control["subjects"] == [f"/api/v1/findings?check={check}{link}" for check in wanted["checks"]
                                       if check in items and items[check]["open"] + items[check]["waived"]]
    assert report["summary"] == {**dict.fromkeys(("holds", "open", "waived", "partly", "unmeasured"), 0), **states}
    return states


def pack_of(name):
    return yaml.safe_load((SOURCE / f"packaging/packs/{name}.yaml").read_text())


@pytest.mark.parametrize("name", PACKS)
def test_every_cell_is_that_of_the_rows(fleet, name):
    server, _, troth = fleet
    report = json.loads(troth("report", "--pack", name, "--format", "json").stdout)
    assert report["product"] == report["owner"] == ""
    check_cells(server, report, pack_of(name))


OF_DEVICES = ("KIND_DEVICE", "KIND_FOREIGN")


@pytest.mark.parametrize("name", PACKS)
def test_every_cell_of_an_owner_is_that_of_his_rows(fleet, bob, name):
    server, _, troth = fleet
    seen = collections.Counter()
    for owner in ("acme", "bolt"):
        report = json.loads(troth("report", "--pack", name, "--format", "json", "--owner", owner).stdout)
        assert (report["product"], report["owner"]) == ("", owner)
        seen += check_cells(server, report, pack_of(name), f"owner = '{owner}'", f"&owner={owner}", OF_DEVICES)
        if owner == "acme":  # of whoever sees acme's alone it is the same, asked for or not
            his = [json.loads(bob("report", "--pack", name, "--format", "json", *more).stdout)
                   for more in ([], ["--owner", "acme"])]
            same = [[{name: value for name, value in control.items() if name not in ("debt_s", "waived_s")}
                     for control in one["controls"]] for one in his]  # debt grows between the two
            assert same[0] == same[1] and [one["owner"] for one in his] == ["acme"] * 2
            check_cells(server, his[0], pack_of(name), "owner = 'acme'", "&owner=acme", OF_DEVICES)
    report = json.loads(troth("report", "--pack", name, "--format", "json", "--owner", "bolt", "--product",
                              "pump").stdout)
    where = "owner = 'bolt' AND product = (SELECT id FROM product WHERE name = 'pump')"
    seen += check_cells(server, report, pack_of(name), where, "&product=pump&owner=bolt", OF_DEVICES)
    if any("TD-06" in control["checks"] for control in pack_of(name)["controls"]):
        assert seen["open"] and seen["waived"]


def test_whose_report_it_is(fleet, bob):
    """An owner who has nothing is not one who owes nothing, and it is said of whom a report is."""
    _, _, troth = fleet
    for who, words in ((troth, ["--owner", "acne"]), (bob, ["--owner", "bolt"]), (bob, ["--owner", "acne"]),
                       (troth, ["--owner", "bolt", "--product", "tank"])):
        assert "E4001" in who("report", "--pack", "eu-cra", *words, status=7).stderr
    assert "there is no such device of an owner" in bob("check", "--owner", "bolt", status=7).stderr
    assert troth("report", "--pack", "eu-cra", "--owner", "bolt").stdout.splitlines()[0].endswith(", of owner bolt")
    page = bob("report", "--pack", "eu-cra", "--product", "pump", "--format", "html").stdout
    assert "<dt>Of product</dt><dd>pump</dd>" in page and "<dt>Of owner</dt><dd>acme</dd>" in page
    assert "of owner" not in troth("report", "--pack", "eu-cra").stdout
    assert "critical" not in troth("check", "--owner", "bolt", status=0).stdout.splitlines()[0]
    said = troth("check", "--owner", "acme", status=3).stdout.splitlines()[0]
    assert said.startswith("warning: 1 open, ") and said.endswith(", of owner acme")
    troth("check", "--owner", "acme", "--product", "pump", "--serial", "A-1", status=2)


def test_what_is_all_waived_says_so(fleet):
    _, _, troth = fleet
    words = "report", "--pack", "etsi-303645", "--owner", "bolt", "--format"
    lines = {line["id"]: line for line in csv.DictReader(io.StringIO(troth(*words, "csv").stdout))}
    line = lines["5.4-1"]
    assert (line["state"], line["open"], line["waived"], line["owner"]) == ("waived", "0", "1", "bolt")
    page = troth(*words, "html").stdout
    assert '<span class="state waived">1 waived</span>' in page and "0 open" not in page
    assert page.count('<span class="state waived">waived until ') == 1
    assert re.search(r'<li class="waived"><b>\d+</b><strong>Waived', page)
    assert "all: <code>troth finding list --check TD-06 --owner bolt</code>" in troth(
        *words, "html", "--findings", "0").stdout
    row = next(line for line in troth(*words[:-1]).stdout.splitlines() if line.startswith("5.4-1 "))
    assert " waived " in row


@pytest.mark.parametrize("selection", [[], ["--owner", "bolt"], ["--product", "pump"],
                                       ["--product", "pump", "--owner", "acme"]])
def test_each_cell_links_to_its_subjects(fleet, selection):
    _, alice, troth = fleet
    report = json.loads(troth("report", "--pack", "nist-csf-2.0", "--format", "json", "--findings", "200",
                              *selection).stdout)
    linked = 0
    for control in report["controls"]:
        named = [one for one in report["findings"] if one["check"] in control["checks"]]
        assert len(named) == control["open"] + control["waived"]
        assert len([one for one in named if one["waived_until"]]) == control["waived"]
        listed = [one for link in control["subjects"] for one in alice.get(link.removeprefix("/api/v1")).ok()["items"]]
        assert {one["id"] for one in listed} == {one["id"] for one in named}
        linked += len(listed)
    assert linked > 0


def test_a_report_says_at_which_checkpoint_it_was_taken(fleet):
    server, alice, troth = fleet
    report = json.loads(troth("report", "--pack", "nist-800-207", "--format", "json").stdout)
    note = alice.request("GET", "/api/v1/ledger/checkpoint").body.decode()
    assert report["checkpoint"]["note"] == note
    assert report["checkpoint"]["size"] == int(note.splitlines()[1]) <= report["entries"]
    assert report["entries"] == query(server, "SELECT count(*) FROM entry")[0][0]


def test_a_selection_counts_its_own(fleet):
    server, alice, _ = fleet
    bob = alice.add_operator("eve", role="viewer", scope="acme")
    of_product, his = alice.get("/check?product=valve&findings=200").ok(), bob.get("/check?findings=200").ok()
    of_owner = alice.get("/check?owner=acme&findings=200").ok()
    assert of_owner["checks"] == his["checks"] and of_owner["findings"] == his["findings"]
    for answer, where in ((of_product, "product = 1"), (his, "owner = 'acme'"), (of_owner, "owner = 'acme'")):
        as_of_s = instant(server, answer["as_of"])
        for item in answer["checks"]:
            opened, = query(server, f"SELECT count(*) FROM finding WHERE check_id = ? AND {where} AND recorded_at <= ?"
                                    " AND ifnull(closed_at, 0) = 0", int(item["check"][3:]), as_of_s)[0]
            named = [one for one in answer["findings"] if one["check"] == item["check"]]
            assert item["open"] + item["waived"] == opened == len(named), item
        assert not {"TD-22", "TD-42"} & {item["check"] for item in answer["checks"]}  # about the installation


def test_csv_says_the_same(fleet):
    _, _, troth = fleet
    report = json.loads(troth("report", "--pack", "iec-62443-4-2", "--format", "json").stdout)
    lines = list(csv.DictReader(io.StringIO(troth("report", "--pack", "iec-62443-4-2", "--format", "csv").stdout)))
    assert len(lines) == len(report["controls"])
    for line, control in zip(lines, report["controls"]):
        assert (line["id"], line["title"], line["state"]) == (control["id"], control["title"], control["state"])
        assert int(line["open"]) == control["open"] and line["checks"].split() == control["checks"]
        assert line["oldest"] == (control["oldest"] or "") and line["unmeasured"].split() == control["unmeasured"]


# ---- packs -----------------------------------------------------------------------------------------


def test_the_packs_follow_their_schema():
    schema = json.loads((SOURCE / "docs/control-pack.schema.json").read_text())
    assert len(PACKS) == 7
    for name in PACKS:
        pack = yaml.safe_load((SOURCE / f"packaging/packs/{name}.yaml").read_text())
        jsonschema.validate(pack, schema)
        assert pack["pack"] == name


def test_the_packs_are_listed(fleet):
    listed = fleet[2].json("report", "--list")
    assert [pack["pack"] for pack in listed] == PACKS


def test_a_pack_of_ones_own(fleet, tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"pack": "own", "title": "House <rules> & more", "edition": "1", "controls": [
        {"id": "A", "title": "keys \"kept\"", "checks": ["TD-22"]}, {"id": "B", "title": "nothing", "checks": []}]}))
    report = json.loads(fleet[2]("report", "--pack-file", own, "--format", "json").stdout)
    assert [(control["state"], control["open"]) for control in report["controls"]] == [("open", 1), ("unmeasured", 0)]
    page = fleet[2]("report", "--pack-file", own, "--format", "html").stdout
    assert "House &lt;rules&gt; &amp; more" in page and "keys &quot;kept&quot;" in page and "<rules>" not in page


GOOD = "pack: own\ntitle: T\nedition: '1'\ncontrols:\n  - id: A\n    title: B\n    checks: [TD-01]\n"


@pytest.mark.parametrize("text, said", [
    ("", ":1: empty"),
    (GOOD.replace("title: T", "titel: T"), ':2: a key that a pack does not have: "titel"'),
    (GOOD.replace("edition: '1'\n", ""), ":1: edition is missing"),
    (GOOD + "pack: other\n", ':8: a key that is there twice: "pack"'),
    (GOOD.replace("TD-01", "TD-46"), ':7: checks: seen "TD-46", wanted TD-01 to TD-45'),
    (GOOD.replace("[TD-01]", "[TD-01, TD-02, TD-01]"), ":7: checks: TD-01 is there twice"),
    (GOOD + "  - id: A\n    title: B\n    checks: []\n", ':8: id: "A" is there twice'),
    (GOOD.replace("checks: [TD-01]", "checks: TD-01"), ":5: checks is missing, or no list"),
    (GOOD.replace("pack: own", "pack: ../own"), ':1: pack: seen "../own", wanted a-z'),
    (GOOD.replace("title: B", "title: [B]"), ":6: title: seen a list or a mapping, wanted text"),
    (GOOD.replace("title: B", f"title: {'x' * 257}"), ":6: title: seen 257 octets, wanted 1 to 256"),
    (GOOD.replace("title: B", "title: \"a\\nb\""), ":6: title: seen control characters"),
    (GOOD.replace("controls:", "controls: []\nx:"), ':5: a key that a pack does not have: "x"'),
    ("pack: own\n  title: T\n", ":2: YAML syntax"),
])
def test_a_bad_pack_is_refused_whole_with_its_line(fleet, tmp_path, text, said):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    done = fleet[2]("report", "--pack-file", own, status=1)
    assert "E1063" in done.stderr and f"{own}{said}" in done.stderr and done.stdout == ""


def test_what_is_no_pack(fleet):
    troth = fleet[2]
    assert "E1064" in troth("report", "--pack", "soc-2", status=7).stderr
    troth("report", status=2)
    troth("report", "--pack", "eu-cra", "--pack-file", "x", status=2)
    assert "E4001" in troth("report", "--pack-file", "/nowhere", status=7).stderr


# ---- the page --------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """Ids, links and tags of a page; every tag must be closed."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.open = set(), [], collections.Counter(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] += 1
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)
        if "id" in attrs:
            assert attrs["id"] not in self.ids
            self.ids.add(attrs["id"])
        if "href" in attrs:
            self.links.append(attrs["href"])
        assert not {"src", "onclick", "onload"} & set(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PACKS)
def test_the_page_stands_alone(fleet, name):
    text = fleet[2]("report", "--pack", name, "--format", "html").stdout
    page = Page(text)
    assert page.links and all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert page.tags["script"] == page.tags["link"] == page.tags["img"] == 0 and page.tags["main"] == 1
    assert "url(" not in text and "@import" not in text
    assert "Not measured here" in text


def test_the_page_prints(fleet, tmp_path):
    page, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    fleet[2]("report", "--pack", "nist-csf-2.0", "--format", "html", "--out", page)
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
                    "--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri()], check=True,
                   capture_output=True, timeout=120)
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], check=True, capture_output=True, text=True).stdout
    assert "PR.AA-01" in text and "PR.AC-1 (1.1)" in text and "Not measured here" in text and "Checkpoint" in text
