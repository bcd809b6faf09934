"""Webhooks: a real receiver over TLS is told of findings that open and close: signed, in order for each
subject, again until it takes them, over kill -9, and also when it misbehaves."""

import base64
import collections
import http.server
import ipaddress
import json
import os
import random
import signal
import ssl
import threading
import time

import lab
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

SEED = int(os.environ.get("TROTH_SEED", "20261130"))
RESTARTS = int(os.environ.get("TROTH_WEBHOOK_RESTARTS", "6"))


class Taken:
    """One request as the receiver had it, and when."""

    def __init__(self, headers, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self.at = time.monotonic()
        self.json = json.loads(body)
        self.id = self.headers["webhook-id"]
        self.data = self.json["data"]

    @property
    def subject(self):
        return self.data.get("kind"), self.data.get("subject")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if receiver.http is None:  # it is away, and what was kept of its connections with it
            self.close_connection = True
            return
        taken = Taken(self.headers, body)
        with receiver.lock:
            receiver.heard.append(taken)
        receiver.behave(self, taken)

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Receiver:
    """`behave(handler, taken)` answers; `heard` has every request, `accepted` what it said 204 to."""

    def __init__(self, folder, behave=None):
        self.folder = folder
        self.lock = threading.Lock()
        self.heard, self.accepted = [], []
        self.behave = behave or self.accept
        self.ca = folder / "receiver-ca.pem"
        key = lab.make_key()
        root_key = lab.make_key()
        root = lab.make_certificate(root_key, common_name="receivers", is_ca=True)
        certificate = sign_server(key, root, root_key)
        self.ca.write_text(lab.certificate_pem(root))
        (folder / "receiver.pem").write_text(lab.certificate_pem(certificate))
        (folder / "receiver.key").write_bytes(lab.key_pem(key))
        self.port, = lab.free_ports(1)
        self.http = None

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}/in?token=s3cr3t-path"

    def start(self):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.http.receiver = self
        self.http.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "receiver.pem", self.folder / "receiver.key")
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True,
                                               do_handshake_on_connect=False)
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self.http is not None:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def accept(self, handler, taken):
        with self.lock:
            self.accepted.append(taken)
        handler.answer(204)

    def events(self, kind=None):
        with self.lock:
            return [one for one in self.accepted
                    if one.json["type"] != "webhook.test" and kind in (None, one.json["type"])]


def sign_server(key, root, root_key):
    plain = lab.make_certificate(key, common_name="receiver", issuer=root, issuer_key=root_key)
    builder = (x509.CertificateBuilder().subject_name(plain.subject).issuer_name(root.subject)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(plain.not_valid_before).not_valid_after(plain.not_valid_after))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return builder.add_extension(names, critical=False).sign(root_key, hashes.SHA256())


class Site:
    """A server with a receiver."""

    def __init__(self, folder, behave=None, **webhook):
        folder.mkdir()
        self.receiver = Receiver(folder, behave)
        hook = {"name": "siem", "url": self.receiver.url, "ca_file": self.receiver.ca.name, **webhook}
        self.server = lab.Server(folder, {"webhooks": [hook]}).init()
        self.hook = hook

    def start(self):
        self.receiver.start()
        self.server.start()
        self.alice = self.server.bootstrap()
        return self

    def end(self):
        self.server.kill()
        self.receiver.stop()

    def row(self):
        return self.alice.get("/webhooks").ok()["items"][0]

    def key(self):
        text = self.alice.get("/webhooks/key").ok()["public_key"]
        assert text.startswith("whpk_")
        return base64.b64decode(text[5:])

    def reload(self):
        before = self.server.log().count("event=reloaded")
        self.server.config["webhooks"] = [self.hook]
        self.server.config_file.write_text(json.dumps(self.server.config))
        os.kill(self.server.process.pid, signal.SIGHUP)
        assert lab.eventually(lambda: self.server.log().count("event=reloaded") > before)


@pytest.fixture
def make(tmp_path):
    """Sites that are ended with the test."""
    sites = []

    def site(behave=None, **webhook):
        sites.append(Site(tmp_path / f"troth{len(sites)}", behave, **webhook))
        return sites[-1]
    yield site
    for one in sites:
        one.end()


class Fleet:
    """Devices that can show a proof that is too weak, which opens TD-06, and a good one, which closes it."""

    def __init__(self, site, count, name="p", owner="acme"):
        self.site, self.name = site, name
        self.keys = {f"{name}-{number}": lab.make_key() for number in range(count)}
        site.alice.add_product(name, proofs=["token", "registered-key"],
                               least_proof="registered-key")
        site.alice.import_devices(name, self.keys, owner=owner)

    def open(self, serial):
        token = self.site.alice.post("/tokens", {"product": self.name, "serial": serial}).ok()["token"]
        csr = lab.make_csr(lab.make_key(), serial)
        device = lab.Device(self.site.server, self.name)
        assert device.enrol(csr, basic=(serial, token)).status == 200

    def close(self, serial):
        csr = lab.make_csr(self.keys[serial], serial)
        assert lab.Device(self.site.server, self.name).enrol(csr).status == 200

    def findings(self):
        """What the server has: intervals of each device, in order, (row, open or closed)."""
        found = collections.defaultdict(list)
        for one in self.site.alice.pages("/findings", all="true"):
            if one["check"] == "TD-06" and one["product"] == self.name:
                found[one["serial"]].append((one["id"], "finding.opened"))
                if one["closed"] is not None:
                    found[one["serial"]].append((one["id"], "finding.closed"))
        return {serial: sorted(rows, key=lambda row: (row[0], row[1] == "finding.closed"))
                for serial, rows in found.items()}


def of_devices(events):
    """TD-06 by serial number: (finding, type), each id once, where it was first. Of each device, whatever
    the check, they came in the order of the ledger."""
    told, entries, seen = collections.defaultdict(list), collections.defaultdict(list), set()
    for one in events:
        if one.id in seen:
            continue
        seen.add(one.id)
        entries[one.data["serial"]].append(one.data["entry"])
        if one.data["check"] == "TD-06":
            told[one.data["serial"]].append((one.data["finding"], one.json["type"]))
    assert all(rows == sorted(rows) for rows in entries.values())
    return dict(told)


def verify_by_library(key, taken):
    text = b".".join([taken.id.encode(), taken.headers["webhook-timestamp"].encode(), taken.body])
    version, signature = taken.headers["webhook-signature"].split(",")
    assert version == "v1a"
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(signature), text)
    return text, base64.b64decode(signature)


# ---- what a receiver is told ---------------------------------------------------------------------


def test_what_opens_and_closes_arrives_signed_and_openssl_verifies_it(make, tmp_path):
    site = make().start()
    fleet = Fleet(site, 1)
    fleet.open("p-0")
    fleet.close("p-0")
    assert lab.eventually(lambda: len(site.receiver.events()) == 2)
    opened, closed = site.receiver.events()
    assert (opened.json["type"], closed.json["type"]) == ("finding.opened", "finding.closed")
    finding, = site.alice.pages("/findings", all="true")
    for taken in (opened, closed):
        data = taken.data
        assert (data["check"], data["title"], data["severity"]) == ("TD-06", "proof-too-weak", "high")
        assert (data["kind"], data["product"], data["serial"], data["owner"]) == (
            "device", "p", "p-0", "acme")
        assert data["finding"] == finding["id"]
        assert (data["began"], data["format"], data["lost"]) == (finding["began"], 1, 0)
        assert taken.headers["content-type"] == "application/json"
        assert abs(int(taken.headers["webhook-timestamp"]) - time.time()) < 60
    assert (opened.data["closed"], closed.data["closed"]) == (None, finding["closed"])
    assert closed.data["closed_by"] == "evidence"
    entries = {one["entry"]: one["event"] for one in site.alice.pages("/ledger/entries")}
    assert entries[opened.data["entry"]] == "finding-opened"
    assert entries[closed.data["entry"]] == "finding-closed"

    key = site.key()
    public = ed25519.Ed25519PublicKey.from_public_bytes(key).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(public)
    for taken in (opened, closed):
        text, signature = verify_by_library(key, taken)
        (tmp_path / "text").write_bytes(text)
        (tmp_path / "signature").write_bytes(signature)
        lab.openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "key.pem"), "-rawin",
                    "-in", str(tmp_path / "text"), "-sigfile", str(tmp_path / "signature"))
        taken.body = taken.body.replace(b"p-0", b"p-1")
        with pytest.raises(InvalidSignature):
            verify_by_library(key, taken)
    site.server.stop_and_audit()


def test_the_command_line_shows_receivers_and_key_and_sends_a_test(make, tmp_path):
    site = make().start()
    troth = site.alice.command_line(tmp_path / "alice")
    shown = json.loads(troth("webhook", "key", "--json").stdout)
    assert base64.b64decode(shown["public_key"][5:]) == site.key()
    assert "would do" in troth("webhook", "test", "siem", "--dry-run").stdout
    troth("webhook", "test", "siem")
    assert lab.eventually(lambda: site.receiver.accepted)
    taken, = site.receiver.accepted
    assert (taken.json["type"], taken.data["webhook"]) == ("webhook.test", "siem")
    verify_by_library(site.key(), taken)
    assert lab.eventually(lambda: site.row()["sent"] == 1)
    row, = json.loads(troth("webhook", "list", "--json").stdout)
    assert (row["name"], row["queued"], row["sent"], row["failed"]) == ("siem", 0, 1, 0)
    missing = troth("webhook", "test", "nobody", check=False)
    assert missing.returncode == 7 and "E4001" in missing.stderr
    viewer = site.alice.add_operator("val", "viewer")
    viewer.post("/webhooks/siem/test").problem(403, "E2002")
    assert viewer.get("/webhooks/key").status == 200


def test_a_receiver_gets_what_it_wants_and_no_more(make):
    site = make(events=["closed"], severity="high").start()
    fleet = Fleet(site, 1)
    fleet.open("p-0")
    fleet.close("p-0")
    assert lab.eventually(lambda: len(site.receiver.events()) == 1)
    assert site.receiver.events()[0].json["type"] == "finding.closed"
    site.hook["severity"] = "critical"
    site.reload()
    fleet.open("p-0")
    fleet.close("p-0")
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.row()["queued"] == 0 and site.row()["sent"] == 2)
    assert len(site.receiver.events()) == 1


def test_an_owners_receiver_hears_of_his_devices_alone(make):
    site = make(owner="acme").start()
    his, theirs = Fleet(site, 1), Fleet(site, 1, "q", owner="umbra")
    for fleet, serial in ((theirs, "q-0"), (his, "p-0"), (theirs, "q-0")):
        fleet.open(serial)
        fleet.close(serial)
    assert lab.eventually(lambda: site.row()["sent"] == 2 and site.row()["queued"] == 0)
    assert {(one.data["serial"], one.data["owner"]) for one in site.receiver.events()} == {("p-0", "acme")}
    site.hook["owner"] = "umbra"
    site.reload()
    his.open("p-0")
    theirs.open("q-0")
    assert lab.eventually(lambda: site.row()["sent"] == 3 and site.row()["queued"] == 0)
    assert site.receiver.events()[-1].data["serial"] == "q-0"
    assert len(site.receiver.events()) == 3


# ---- again, in order, once -----------------------------------------------------------------------


def test_an_event_that_is_not_taken_waits_with_those_of_its_subject_and_others_go_on(make):
    refused = {"p-0"}

    def behave(handler, taken):
        if taken.data["serial"] in refused:
            handler.answer(500)
        else:
            site.receiver.accept(handler, taken)
    site = make(behave).start()
    fleet = Fleet(site, 3)
    for serial in ("p-0", "p-1", "p-2"):
        fleet.open(serial)
        fleet.close(serial)
    told = lambda: of_devices(site.receiver.events())
    assert lab.eventually(lambda: len(told().get("p-1", [])) == len(told().get("p-2", [])) == 2)
    assert lab.eventually(lambda: site.row()["failed"] >= 2, 20)
    assert "p-0" not in told()
    with site.receiver.lock:
        tries = [one for one in site.receiver.heard if one.data["serial"] == "p-0"]
    assert {one.json["type"] for one in tries} == {"finding.opened"}  # the second one waits
    assert len({one.id for one in tries}) == 1 and len(tries) >= 2
    assert site.row()["failure"] == "the receiver answered 500"
    refused.clear()
    assert lab.eventually(lambda: len(told().get("p-0", [])) == 2, 40)
    assert told() == fleet.findings()
    assert lab.eventually(lambda: site.row()["queued"] == 0)


def test_a_receiver_that_is_away_gets_all_in_order_when_it_is_back(make):
    site = make().start()
    fleet = Fleet(site, 5)
    site.receiver.stop()
    for _ in range(2):
        for serial in fleet.keys:
            fleet.open(serial)
            fleet.close(serial)
    assert lab.eventually(lambda: site.row()["failed"] > 0)
    assert site.row()["queued"] == 20
    metrics = site.alice.request("GET", "/metrics").body.decode()
    assert 'troth_webhook_queue{webhook="siem"} 20 ' in metrics
    assert 'troth_webhook_failed_total{webhook="siem"}' in metrics
    assert 'troth_webhook_oldest_seconds{webhook="siem"}' in metrics
    site.receiver.start()
    assert lab.eventually(lambda: site.row()["queued"] == 0, 60)
    assert of_devices(site.receiver.events()) == fleet.findings()
    assert all(one.data["lost"] == 0 for one in site.receiver.events())
    site.server.stop_and_audit()


def test_killed_at_any_instant_none_is_lost_and_none_overtakes_another(make):
    """kill -9 of all, and of the courier alone, while findings open and close and the receiver answers
    now with 204, now with 500, now not at all."""
    chance = random.Random(SEED)
    print(f"TROTH_SEED={SEED}")

    def behave(handler, taken):
        what = chance.random()
        if what < 0.2:
            handler.answer(500)
        elif what < 0.3:
            site.receiver.accept(_Mute(), taken)  # it took the event, and its answer is lost
            handler.close_connection = True
        else:
            site.receiver.accept(handler, taken)
    site = make(behave).start()
    fleet = Fleet(site, RESTARTS + 3)  # each can be voided ten times a day: none has more than three turns
    serials = list(fleet.keys)
    for turn in range(RESTARTS):
        for i in range(3):
            serial = serials[(3 * turn + i) % len(serials)]
            fleet.open(serial)
            fleet.close(serial)
        time.sleep(chance.random() * 0.6)
        if turn % 2 == 0:
            site.server.kill()
        else:
            os.kill(site.server.children_of("courier")[0], signal.SIGKILL)
            assert site.server.process.wait(20) != 0  # one that dies stops the server
            site.server.process = None
        site.server.start()
    chance.random = lambda: 1.0
    assert lab.eventually(lambda: site.row()["queued"] == 0, 90), site.row()
    told, stored = of_devices(site.receiver.events()), fleet.findings()
    assert {serial: rows for serial, rows in told.items() if rows != stored[serial]} == {}, stored
    with site.receiver.lock:
        bodies = collections.defaultdict(set)
        for one in site.receiver.heard:
            bodies[one.id].add(one.body)
    assert all(len(same) == 1 for same in bodies.values())  # an id is one event, whenever it comes
    site.server.stop_and_audit()


class _Mute:
    def answer(self, *_):
        pass


def test_one_that_is_never_taken_is_given_up_and_said(faulty, tmp_path):
    receiver = Receiver(faulty.folder, lambda handler, _: handler.answer(400)).start()
    try:
        alice = faulty.bootstrap()
        row = lambda: alice.get("/webhooks").ok()["items"][0]
        faulty.config["webhooks"] = [{"name": "siem", "url": receiver.url,
                                      "ca_file": receiver.ca.name}]
        faulty.config["retention"] = {"webhooks_s": 7200}
        faulty.config_file.write_text(json.dumps(faulty.config))
        os.kill(faulty.process.pid, signal.SIGHUP)
        assert lab.eventually(lambda: "event=reloaded" in faulty.log())
        alice.post("/webhooks/siem/test").ok()
        assert lab.eventually(lambda: row()["failed"] > 0)
        faulty.control.wall_offset_s = 7000
        time.sleep(1)
        assert row()["queued"] >= 1 and row()["given_up"] == 0
        faulty.control.wall_offset_s = 7300
        assert lab.eventually(lambda: row()["given_up"] == 1, 30)
        assert "event=webhook-given-up webhook=siem" in faulty.log()
        trouble, = alice.get("/status").ok()["webhooks"]
        assert (trouble["name"], trouble["given_up"]) == ("siem", 1)
        said = alice.command_line(tmp_path / "alice")("status").stdout
        assert "receiver siem: given up 1, dropped 0" in said
        assert "the receiver answered 400\n    troth webhook test siem\n" in said
    finally:
        receiver.stop()


# ---- receivers that misbehave ----------------------------------------------------------------------


def test_a_redirect_is_not_followed(make):
    elsewhere = []

    def behave(handler, taken):
        if handler.path.startswith("/elsewhere"):
            elsewhere.append(taken)
        handler.answer(307, [("Location", f"https://127.0.0.1:{site.receiver.port}/elsewhere")])
    site = make(behave).start()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.row()["failed"] >= 2, 20)
    assert site.row()["failure"] == "the receiver answered 307"
    assert not elsewhere


def test_one_that_hangs_is_left_after_its_time_and_the_server_goes_on(make):
    def behave(handler, taken):
        if taken.json["type"] == "webhook.test":
            time.sleep(5)
        site.receiver.accept(handler, taken)
    site = make(behave, timeout_ms=300).start()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.row()["failed"] > 0)
    assert "timed out" in site.row()["failure"].lower()
    fleet = Fleet(site, 1)
    began = time.monotonic()
    fleet.open("p-0")
    assert time.monotonic() - began < 2  # nobody waits for a receiver
    assert lab.eventually(lambda: site.receiver.events(), 20)


def test_a_huge_answer_and_one_that_is_no_http_end_nothing(make):
    def behave(handler, taken):
        if len(site.receiver.heard) == 1:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000)
            handler.close_connection = True
        elif len(site.receiver.heard) == 2:
            handler.wfile.write(b"\x00\xff" * 1000)
            handler.close_connection = True
        else:
            site.receiver.accept(_Mute(), taken)
            with pytest.raises(OSError):  # it is left before the end
                handler.answer(200, [], b"x" * (64 << 20))
    site = make(behave).start()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.row()["sent"] == 1, 40), site.row()
    assert site.row()["failed"] >= 2
    assert site.server.process.poll() is None


def test_a_receiver_below_another_root_is_told_nothing(make):
    site = make()
    other = lab.make_certificate(lab.make_key(), common_name="another", is_ca=True)
    site.receiver.ca.write_text(lab.certificate_pem(other))
    site.start()
    Fleet(site, 1).open("p-0")
    assert lab.eventually(lambda: site.row()["failed"] > 0)
    assert "certificate" in site.row()["failure"]
    assert not site.receiver.heard


def test_what_is_secret_in_an_address_is_in_no_log_and_no_answer(make):
    site = make(lambda handler, _: handler.answer(500)).start()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.row()["failed"] > 0)
    site.receiver.stop()
    assert lab.eventually(lambda: "onnect" in site.row()["failure"], 40), site.row()
    assert "s3cr3t-path" not in site.server.log()
    assert "s3cr3t-path" not in json.dumps(site.row())
    assert "s3cr3t-path" not in site.alice.request("GET", "/metrics").body.decode()


# ---- configuration -----------------------------------------------------------------------------


def test_a_reload_makes_and_ends_receivers(make):
    site = make()
    site.server.config["webhooks"] = []
    site.server.write_config()
    site.start()
    assert site.alice.get("/webhooks").ok()["items"] == []
    site.alice.post("/webhooks/siem/test").problem(404, "E4001")
    site.reload()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.receiver.accepted)
    assert lab.eventually(lambda: site.row()["queued"] == 0)
    log = site.server.log()
    site.server.config["webhooks"] = [{**site.hook, "url": "http://192.0.2.1/x"}]
    site.server.config_file.write_text(json.dumps(site.server.config))
    os.kill(site.server.process.pid, signal.SIGHUP)
    assert lab.eventually(lambda: "wanted https" in site.server.log()[len(log):])
    assert site.row()["sent"] == 1  # nothing was changed


def test_an_installation_of_before_webhooks_makes_its_key(make):
    site = make().start()
    site.server.stop()
    key = site.server.folder / "data" / "signer" / "webhook-ed25519.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    site.server.start()
    site.alice.post("/webhooks/siem/test").ok()
    assert lab.eventually(lambda: site.receiver.accepted)
    verify_by_library(site.key(), site.receiver.accepted[-1])
