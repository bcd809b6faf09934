"""Certificates that other CAs issued, on record: out of index.txt of a real `openssl ca`, and out of what
step-ca and EJBCA keep, written here as their tables have it. They are facts and admit nobody."""

import base64
import datetime
import json
import os
import pathlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import lab

LATER = "20991231235959Z"


def load(operator, issuer, how, text, **query):
    path = "/api/v1/foreign-certificates/import" + operator._query(
        {"format": how, "issuer": issuer, **query})
    return operator.request("POST", path, text, {"Content-Type": "text/plain"})


def listed(operator, product):
    return {one["serial"]: one for one in operator.pages("/foreign-certificates", product=product)}


def line(serial, subject, state="V", end=LATER, revocation="", file="unknown"):
    return "\t".join([state, end, revocation, serial, file, subject]) + "\n"


class Ca:
    """Another CA."""

    def __init__(self):
        self.key = lab.make_key()
        self.certificate = lab.make_certificate(self.key, common_name="Another CA", is_ca=True)

    def issue(self, serial_number=None, common_name="device"):
        return lab.make_certificate(lab.make_key(), serial_number, issuer=self.certificate,
                                    issuer_key=self.key, common_name=common_name)

    def known_to(self, operator, product, use="inventory"):
        return operator.post("/anchors", {
            "product": product, "use": use,
            "certificate": lab.certificate_pem(self.certificate)}).ok()["object"]


@pytest.fixture(scope="module")
def ca():
    return Ca()


@pytest.fixture
def issuer(shared, ca, product):
    """The CA's number, once the desk has it too."""
    number = ca.known_to(shared.first, product)
    assert lab.eventually(lambda: load(shared.first, number, "openssl-index", "").status == 200)
    return number


def reasons(outcome):
    return {fault["line"]: fault["reason"] for fault in outcome["faults"]}


# ---- openssl ca ---------------------------------------------------------------------------------


CONFIG = """
[ca]
default_ca = here
[here]
dir = {dir}
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
default_days = 30
policy = any
unique_subject = no
[any]
commonName = optional
serialNumber = optional
organizationName = optional
"""


class OpensslCa:
    """The real one, in a folder of its own."""

    def __init__(self, folder, ca):
        self.folder = folder
        (folder / "ca.cnf").write_text(CONFIG.format(dir=folder))
        (folder / "ca.pem").write_text(lab.certificate_pem(ca.certificate))
        (folder / "ca.key").write_bytes(lab.key_pem(ca.key))
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")

    def run(self, *words):
        lab.run("openssl", "ca", "-batch", "-config", str(self.folder / "ca.cnf"), *map(str, words))

    def issue(self, name, subject, *words):
        key, csr = lab.make_key(), self.folder / f"{name}.csr"
        csr.write_text(lab.csr_pem(lab.make_csr(key, "none")))
        self.run("-in", csr, "-out", self.folder / f"{name}.pem", "-subj", subject, *words)

    def revoke(self, name, *words):
        self.run("-revoke", self.folder / f"{name}.pem", *words)

    def index(self):
        return (self.folder / "index.txt").read_text()


def test_the_index_of_openssl_ca_is_recorded_and_linked(shared, ca, issuer, product, tmp_path):
    alice, other = shared.first, OpensslCa(tmp_path, ca)
    alice.import_devices(product, {"SN-1": None, "SN-2": None})
    other.issue("one", "/CN=pump/serialNumber=SN-1")
    other.issue("two", "/O=Maker/serialNumber=SN-2/CN=pump")
    other.issue("three", "/CN=SN-1")  # a bare common name is nobody's
    other.issue("four", "/CN=pump/serialNumber=SN-9")
    other.issue("five", "/CN=old", "-startdate", "200101000000Z", "-enddate", "200201000000Z")
    other.issue("six", "/CN=far", "-enddate", "20990101000000Z")
    other.revoke("two", "-crl_reason", "keyCompromise")
    other.revoke("three", "-crl_hold", "1.2.840.10040.2.3")
    other.revoke("four", "-crl_compromise", "20260101000000Z")
    other.run("-updatedb")

    text = other.index()
    outcome = load(alice, issuer, "openssl-index", text).ok()
    assert (outcome["rows"], outcome["created"], outcome["faults"]) == (6, 6, [])
    assert outcome["unlinked"] == 4
    rows = listed(alice, product)
    said = {serial: (one["device_serial"], one["state"], one["reason"])
            for serial, one in rows.items()}
    assert said == {
        "1000": ("SN-1", "valid", None),
        "1001": ("SN-2", "revoked", "key-compromise"),
        "1002": ("", "revoked", "certificate-hold"),
        "1003": ("", "revoked", "key-compromise"),
        "1004": ("", "expired", None),
        "1005": ("", "valid", None),
    }
    assert rows["1004"]["not_after"] == "2020-02-01T00:00:00Z"
    assert rows["1005"]["not_after"] == "2099-01-01T00:00:00Z"
    assert rows["1000"]["subject"] == "/CN=pump/serialNumber=SN-1"
    revoked = datetime.datetime.fromisoformat(rows["1001"]["revoked_at"][:-1])
    assert abs((datetime.datetime.utcnow() - revoked).total_seconds()) < 300

    again = load(alice, issuer, "openssl-index", text).ok()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 6)
    shown = alice.show(product, "SN-2")
    assert [one["serial"] for one in shown["foreign_certificates"]] == ["1001"]
    assert shown["certificates"] == []
    assert shown["timeline"][0]["event"] == "foreign-recorded"


def test_a_device_that_comes_later_is_linked_then(shared, issuer, product):
    alice = shared.first
    text = line("01", "/CN=x/serialNumber=SN-5")
    assert load(alice, issuer, "openssl-index", text).ok()["unlinked"] == 1
    alice.import_devices(product, {"SN-5": None})
    outcome = load(alice, issuer, "openssl-index", text).ok()
    assert (outcome["changed"], outcome["unlinked"]) == (1, 0)
    assert listed(alice, product)["01"]["device_serial"] == "SN-5"


def test_a_revocation_is_news_and_is_never_taken_back(shared, issuer, product):
    alice = shared.first
    valid = line("02", "/CN=x")
    gone = line("02", "/CN=x", "R", revocation="260101000000Z,superseded")
    assert load(alice, issuer, "openssl-index", valid).ok()["created"] == 1
    assert load(alice, issuer, "openssl-index", gone).ok()["changed"] == 1
    outcome = load(alice, issuer, "openssl-index", valid).ok()
    assert (outcome["refused"], outcome["faults"][0]["code"]) == (1, "E4002")
    assert listed(alice, product)["02"]["state"] == "revoked"

    held = line("03", "/CN=y", "R", revocation="260101000000Z,certificateHold")
    assert load(alice, issuer, "openssl-index", held).ok()["created"] == 1
    assert load(alice, issuer, "openssl-index", line("03", "/CN=y")).ok()["changed"] == 1
    assert listed(alice, product)["03"]["state"] == "valid"


def test_good_lines_are_kept_and_each_bad_one_is_named(shared, issuer, product):
    bad = [
        ("V\t300101000000Z\t\t04", "fields, wanted 6"),
        (line("04", "/CN=x").rstrip("\n") + "\tmore\n", "more than 6 fields"),
        (line("04", "/CN=x", "X"), 'state: seen "X", wanted V, R or E'),
        (line("04", "/CN=x", end="yesterday"), "expiration: seen"),
        (line("04", "/CN=x", end="301301000000Z"), "expiration: seen"),
        (line("04", "/CN=x", "R"), "revocation: seen"),
        (line("04", "/CN=x", "R", revocation="260101000000Z,boredom"), 'reason "boredom"'),
        (line("04", "/CN=x", revocation="260101000000Z"), "wanted nothing"),
        (line("xyz", "/CN=x"), "serial number: seen"),
        (line("00", "/CN=x"), "above 0"),
        (line("0" * 38 + "1" * 6, "/CN=x"), "serial number"),
        (line("04", "/CN=" + "x" * 600), "subject: seen 604 octets"),
        (line("04", "/CN=\x07"), "without control"),
        (line("04", "/CN=a\\\tb"), "without control"),  # a tab within the name
    ]
    text = line("05", "/CN=good") + "".join(
        one if one.endswith("\n") else one + "\n" for one, _ in bad)
    outcome = load(shared.first, issuer, "openssl-index", text + line("06", "/CN=a\\b")).ok()
    assert (outcome["rows"], outcome["created"]) == (len(bad) + 2, 2)
    found = reasons(outcome)
    for number, (_, words) in enumerate(bad, start=2):
        assert words in found[number], (number, words, found[number])
    assert all(fault["code"] == "E1034" for fault in outcome["faults"])
    last = len(bad) + 2
    assert [(run["from"], run["to"], run["became"]) for run in outcome["lines"]] == [
        (1, 1, "created"), (2, last - 1, "refused"), (last, last, "created")]


def test_a_name_that_is_ambiguous_links_nobody(shared, issuer, product):
    shared.first.import_devices(product, {"SN-7": None, "SN-8": None})
    text = line("07", "/CN=a/serialNumber=SN-7/O=b/serialNumber=SN-8") + \
        line("08", "/CN=a/serialNumber=SN-7")
    assert load(shared.first, issuer, "openssl-index", text).ok()["unlinked"] == 1
    rows = listed(shared.first, product)
    assert (rows["07"]["device_serial"], rows["08"]["device_serial"]) == ("", "SN-7")


# ---- step-ca ------------------------------------------------------------------------------------


def der64(certificate):
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def test_what_step_ca_keeps_is_recorded(shared, ca, issuer, product):
    alice = shared.first
    alice.import_devices(product, {"ST-1": None})
    one, two, three = ca.issue("ST-1"), ca.issue("ST-2"), ca.issue()
    revoked = {"Serial": str(two.serial_number), "ProvisionerID": "admin", "ReasonCode": 4,
               "Reason": "replaced", "RevokedAt": "2026-05-06T07:08:09.123456789Z",
               "TokenID": "", "MTLS": False, "ACME": False}
    objects = [{"certificate": der64(one), "revoked": None},
               {"certificate": der64(two), "revoked": revoked},
               {"certificate": lab.certificate_pem(three)}]
    text = "".join(json.dumps(one) + "\n" for one in objects)
    outcome = load(alice, issuer, "step-ca", text).ok()
    assert (outcome["created"], outcome["unlinked"], outcome["faults"]) == (3, 2, [])
    rows = listed(alice, product)
    assert rows[lab.serial_hex(one)]["device_serial"] == "ST-1"
    assert rows[lab.serial_hex(one)]["subject"] == "/CN=device/serialNumber=ST-1"
    said = rows[lab.serial_hex(two)]
    assert (said["state"], said["reason"], said["revoked_at"]) == (
        "revoked", "superseded", "2026-05-06T07:08:09Z")
    assert load(alice, issuer, "step-ca", text).ok()["unchanged"] == 3


def test_what_the_issuer_did_not_sign_is_refused(shared, ca, issuer):
    forged = lab.make_certificate(lab.make_key(), "ST-1", issuer=ca.certificate,
                                  issuer_key=lab.make_key())
    foreign = Ca().issue("ST-1")
    own = lab.make_certificate(lab.make_key(), common_name="me")
    lines = [{"certificate": der64(forged)}, {"certificate": der64(foreign)},
             {"certificate": der64(own)}, {"certificate": "AAAA"}, {"certificate": 7}, {}, [],
             {"certificate": der64(ca.issue()), "revoked": 1},
             {"certificate": der64(ca.issue()), "revoked": {"ReasonCode": 7, "RevokedAt": "x"}},
             {"certificate": der64(ca.issue()), "revoked": {"RevokedAt": "2026-05-06T07:08:09+02:00"}}]
    text = "".join(json.dumps(one) + "\n" for one in lines) + "{\n"
    outcome = load(shared.first, issuer, "step-ca", text).ok()
    assert (outcome["created"], outcome["faults_total"]) == (0, len(lines) + 1), outcome
    said = reasons(outcome)
    assert "did not sign" in said[1] and "Another CA" not in said[1]
    assert "another issuer" in said[3]
    assert "ReasonCode" in said[9] and "RevokedAt" in said[10]


# ---- EJBCA --------------------------------------------------------------------------------------


EJBCA = "fingerprint,serialNumber,subjectDN,issuerDN,status,expireDate,revocationDate,revocationReason\n"


def ms(text):
    at = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return int(at.timestamp() * 1000)


def test_ejbca_s_table_is_recorded(shared, issuer, product):
    alice = shared.first
    alice.import_devices(product, {"EJ-1": None})
    end = ms("2099-01-01T00:00:00")
    big = int("7f" * 20, 16)
    text = EJBCA + (
        f'aa,{big},"CN=pump,SN=EJ-1,O=Maker","CN=Another CA",20,{end},-1,-1\n'
        f'bb,4660,"CN=pump,SERIALNUMBER=EJ-2",x,40,{end},{ms("2026-05-06T07:08:09")},1\n'
        f'cc,22136,CN=pump,x,60,{ms("2020-01-01T00:00:00")},-1,-1\n')
    outcome = load(alice, issuer, "ejbca", text).ok()
    assert (outcome["created"], outcome["unlinked"], outcome["faults"]) == (3, 2, [])
    rows = listed(alice, product)
    assert rows["7f" * 20]["device_serial"] == "EJ-1"
    assert (rows["1234"]["state"], rows["1234"]["reason"]) == ("revoked", "key-compromise")
    assert rows["1234"]["revoked_at"] == "2026-05-06T07:08:09Z"
    assert rows["5678"]["state"] == "expired"
    assert load(alice, issuer, "ejbca", text).ok()["unchanged"] == 3


def test_bad_rows_of_ejbca_are_named(shared, issuer):
    end = ms("2099-01-01T00:00:00")
    text = EJBCA + (
        f"a,0,CN=x,x,20,{end},-1,-1\n"
        f"a,{2 ** 160},CN=x,x,20,{end},-1,-1\n"
        f"a,12x,CN=x,x,20,{end},-1,-1\n"
        f"a,1,CN=x,x,40,{end},1,7\n"
        f"a,1,CN=x,x,99,{end},-1,-1\n"
        "a,1,CN=x,x,20,soon,-1,-1\n"
        "a,1\n")
    outcome = load(shared.first, issuer, "ejbca", text).ok()
    assert (outcome["created"], outcome["faults_total"]) == (0, 7)
    said = reasons(outcome)
    for number, words in enumerate(["above 0", "20 octets", "decimal", "revocationReason", "status",
                                    "expireDate", "expireDate"], start=2):
        assert words in said[number], (number, said[number])
    load(shared.first, issuer, "ejbca", "serialNumber,status\n").problem(400, "E1002")
    load(shared.first, issuer, "ejbca", "").problem(400, "E1002")


def test_certificates_in_pem_are_recorded(shared, ca, issuer, product):
    alice = shared.first
    some = [ca.issue(f"PE-{n}") for n in range(3)]
    text = "# exported\n".join(map(lab.certificate_pem, some))
    cut = lab.certificate_pem(ca.issue())[:200]
    outcome = load(alice, issuer, "step-ca", text + cut).ok()
    assert (outcome["rows"], outcome["created"], outcome["faults_total"]) == (4, 3, 1)
    assert outcome["faults"][0]["line"] == len(text.splitlines()) + 1
    assert load(alice, issuer, "ejbca", text).ok()["unchanged"] == 3
    assert set(listed(alice, product)) == set(map(lab.serial_hex, some))


# ---- what it is, and who may --------------------------------------------------------------------


def test_a_foreign_certificate_admits_nothing(shared, ca, product):
    """Neither below a CA for the inventory, nor as a device's certificate."""
    alice, key = shared.first, lab.make_key()
    number = ca.known_to(alice, product)
    alice.import_devices(product, {"AD-1": None})
    leaf = lab.make_certificate(key, "AD-1", issuer=ca.certificate, issuer_key=ca.key)
    assert lab.eventually(lambda: load(alice, number, "step-ca",
                                       lab.certificate_pem(leaf)).status == 200)
    assert listed(alice, product)[lab.serial_hex(leaf)]["device_serial"] == "AD-1"
    device = lab.Device(shared, product, key, [leaf])
    assert device.enrol(lab.make_csr(lab.make_key(), "AD-1")).status == 401
    assert alice.state(product, "AD-1") == "expected"


def test_a_refused_list_closes_nothing_of_the_desks(shared):
    """A refusal before the list was begun once closed descriptor 0, later that of a connection: the server ended."""
    first = pathlib.Path(f"/proc/{shared.child('desk')}/fd/0")
    before = os.readlink(first)
    for _ in range(5):
        load(shared.first, 999999, "openssl-index", line("09", "/CN=x")).problem(404, "E4001")
    assert os.readlink(first) == before


def test_only_a_ca_that_is_known_and_only_an_operator(shared, ca, issuer, product):
    alice, text = shared.first, line("09", "/CN=x")
    load(alice, 999999, "openssl-index", text).problem(404, "E4001")
    load(alice, issuer, "pem", text).problem(400, "E1002")
    load(alice, "x", "openssl-index", text).problem(400, "E1002")
    load(alice, issuer, "openssl-index", text, product="x").problem(400, "E1002")
    viewer = alice.add_operator(f"v-{product}"[:60], "viewer")
    load(viewer, issuer, "openssl-index", text).problem(403, "E2002")
    scoped = alice.add_operator(f"s-{product}"[:60], "operator", scope="acme")
    load(scoped, issuer, "openssl-index", text).problem(403, "E2002")
    signer = alice.post("/anchors", {
        "product": product, "use": "manifest",
        "certificate": lab.certificate_pem(ca.certificate)}).ok()["object"]
    assert lab.eventually(
        lambda: load(alice, signer, "openssl-index", text).json.get("code") == "E4002")
    assert listed(alice, product) == {}


def test_a_scope_sees_those_of_its_owner_s_devices(shared, issuer, product):
    alice = shared.first
    alice.import_devices(product, {"OW-1": None}, owner="acme")
    alice.import_devices(product, {"OW-2": None}, owner="bolt")
    load(alice, issuer, "openssl-index", line("0a", "/serialNumber=OW-1") +
         line("0b", "/serialNumber=OW-2") + line("0c", "/CN=x")).ok()
    anna = alice.add_operator(f"anna-{product}"[:60], "viewer", scope="acme")
    assert set(listed(anna, product)) == {"0a"}
    for serial, row in listed(alice, product).items():  # by number neither
        answer = anna.get(f"/foreign-certificates/{row['id']}")
        assert answer.ok() if serial == "0a" else answer.problem(404, "E4001")
    assert set(listed(alice, product)) == {"0a", "0b", "0c"}
    one = alice.pages("/foreign-certificates", product=product, serial="OW-2")
    assert [row["serial"] for row in one] == ["0b"]
    pages = alice.pages("/foreign-certificates", product=product, limit=1)
    assert len(pages) == 3


def test_a_dry_run_and_the_audit(troth, ca):
    alice = troth.bootstrap()
    alice.add_product("pump")
    number = ca.known_to(alice, "pump")
    text = "".join(line(f"{n:04x}", f"/CN=d{n}/serialNumber=D-{n}") for n in range(1, 1201))
    alice.import_devices("pump", {"D-7": None})
    assert lab.eventually(lambda: load(alice, number, "openssl-index", text,
                                       dry_run="true").status == 200)
    dry = load(alice, number, "openssl-index", text, dry_run="true").ok()
    assert (dry["created"], dry["unlinked"], dry["dry_run"]) == (1200, 1199, True)
    assert listed(alice, "pump") == {}
    done = load(alice, number, "openssl-index", text).ok()
    assert (done["created"], done["unlinked"]) == (1200, 1199)
    for verb in ("verify", "replay"):
        words = (lab.program("trothd"), "audit", verb, "--config", str(troth.config_file))
        assert lab.eventually(lambda: lab.run(*words, check=False).returncode == 0), lab.run(*words)


def test_troth_imports_and_lists_them(shared, issuer, product, tmp_path):
    alice = shared.first
    (tmp_path / "key.pem").write_bytes(lab.key_pem(alice.key))
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "cert.pem").write_text(lab.certificate_pem(alice.chain[0]))
    (tmp_path / "index.txt").write_text(line("0d", "/CN=x/serialNumber=CL-1") +
                                        line("0e", "/CN=y", "Q"))
    alice.import_devices(product, {"CL-1": None})

    def troth(*words, check=True):
        return lab.run(lab.program("troth"), *map(str, words), check=check,
                       env={**os.environ, "TROTH_CONFIG": str(tmp_path / "config.json")})

    troth("login", "--server", f"https://localhost:{shared.ports['operator']}", "--certificate",
          tmp_path / "cert.pem", "--key", tmp_path / "key.pem", "--root", shared.root_pem)
    words = ("cert", "import", tmp_path / "index.txt", "--format", "openssl-index", "--issuer", issuer)
    assert "would do" in troth(*words, "--dry-run", check=False).stdout
    done = troth(*words, check=False)
    assert done.returncode == 1 and "created 1" in done.stdout and "E1034" in done.stdout, done
    table = troth("cert", "list", "--foreign", "--product", product).stdout
    assert "0d" in table and "CL-1" in table and "valid" in table
    assert "0d" not in troth("cert", "list", "--product", product).stdout
    assert "Certificates of other CAs" in troth("device", "show", product, "CL-1").stdout
    refused = troth("cert", "list", "--foreign", "--state", "current", check=False)
    assert refused.returncode == 1 and '"state"' in refused.stderr
