"""troth-agent on the real server: what it proves, what it keeps, what it survives."""

import hashlib
import json
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

import lab

REFUSED, UNAUTHORISED, UNREACHABLE, CONFLICT = 5, 6, 8, 9


class Agent:
    """The agent of one device, with its state folder."""

    def __init__(self, server, product, serial, folder=None):
        self.folder = pathlib.Path(folder or server.scratch())
        self.server, self.product, self.serial = server, product, serial

    def words(self, verb, *arguments, port=None):
        port = port or self.server.ports["device"]
        where = ["--server", f"https://localhost:{port}", "--product", self.product]
        return [lab.program("troth-agent"), verb, "--state", str(self.folder),
                *(where if verb != "due" else []), *map(str, arguments)]

    def run(self, verb, *arguments, port=None):
        return lab.run(*self.words(verb, *arguments, port=port), check=False)

    def enrol(self, *proof, anchor=True):
        trust = ["--anchor", self.server.root_pem] if anchor else []
        return self.run("enrol", "--serial", self.serial, *trust, *proof)

    def certificate(self):
        pem = (self.folder / "current" / "certificate.pem").read_bytes()
        return lab.x509.load_pem_x509_certificate(pem)

    def key(self, link="current"):
        return (self.folder / link / "key.pem").read_bytes()


def secret_file(server, content):
    path = server.scratch()
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.fixture
def registered(shared, product):
    """An agent whose device is imported with a factory key, and the file of that key."""
    key = lab.make_key()
    shared.first.import_devices(product, {"A1": key})
    return Agent(shared, product, "A1"), secret_file(shared, lab.key_pem(key))


@pytest.fixture
def enrolled(registered):
    agent, key = registered
    done = agent.enrol("--key", key)
    assert done.returncode == 0, done.stderr
    return agent


def events(server, agent):
    return [one["event"] for one in server.first.show(agent.product, agent.serial)["timeline"]]


# ---- who the server is ---------------------------------------------------------------------------


def test_without_anchor_or_fingerprint_nothing_is_sent(shared, registered):
    agent, key = registered
    done = agent.enrol("--key", key, anchor=False)
    assert done.returncode == 2
    assert "nothing proves the server" in done.stderr
    assert not (agent.folder / "next").exists()


def test_a_server_below_another_root_gets_no_token(shared, product):
    shared.first.import_devices(product, {"A1": None})
    stranger = lab.make_key()
    root = lab.make_certificate(stranger, common_name="Troth Root", is_ca=True)
    agent = Agent(shared, product, "A1")
    token = shared.first.post("/tokens", {"product": product, "serial": "A1"}).ok()["token"]
    anchor = secret_file(shared, lab.certificate_pem(root).encode())
    done = agent.run("enrol", "--serial", "A1", "--anchor", anchor,
                     "--token-file", secret_file(shared, token.encode()))
    assert done.returncode == UNREACHABLE
    assert "E8005" in done.stderr
    assert shared.first.state(product, "A1") == "expected"


def test_a_fingerprint_of_another_root_pins_nothing(shared, registered):
    agent, key = registered
    done = agent.enrol("--key", key, "--fingerprint", "00" * 32, anchor=False)
    assert done.returncode == UNREACHABLE
    assert "E8005" in done.stderr
    assert not (agent.folder / "root.pem").exists()
    assert not (agent.folder / "next").exists()


def test_a_fingerprint_is_enough_and_is_kept(shared, registered):
    agent, key = registered
    root = lab.x509.load_pem_x509_certificate(shared.root_pem.read_bytes())
    digest = hashlib.sha256(root.public_bytes(lab.serialization.Encoding.DER)).hexdigest()
    assert agent.enrol("--key", key, "--fingerprint", digest, anchor=False).returncode == 0
    kept = lab.x509.load_pem_x509_certificate((agent.folder / "root.pem").read_bytes())
    assert kept == root
    assert agent.run("renew").returncode == 0


# ---- who the device is ---------------------------------------------------------------------------


def test_a_factory_key_is_shown_on_tls_and_is_not_the_certificates(shared, registered):
    agent, key = registered
    done = agent.enrol("--key", key, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["serial"] == lab.serial_hex(agent.certificate())
    assert agent.key() != key.read_bytes()
    assert (agent.folder / "current" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert lab.eventually(lambda: shared.first.state(agent.product, "A1") == "active")


def test_an_adopted_key_is_the_certificates(shared, registered):
    agent, key = registered
    assert agent.enrol("--key", key, "--adopt").returncode == 0
    device = shared.first.show(agent.product, "A1")
    own = lab.serialization.load_pem_private_key(key.read_bytes(), None)
    assert device["certificates"][0]["spki"] == lab.spki_hash(own)


def test_a_makers_certificate_names_the_device(shared, product):
    maker, key = lab.make_key(), lab.make_key()
    root = lab.make_certificate(maker, common_name="Maker", is_ca=True)
    leaf = lab.make_certificate(key, "GW-7", issuer=root, issuer_key=maker)
    shared.first.import_devices(product, {"GW-7": None})
    shared.first.post("/anchors", {"product": product,
                                   "certificate": lab.certificate_pem(root)}).ok()
    agent = Agent(shared, product, "GW-7")
    chain = secret_file(shared, lab.certificate_pem(leaf).encode())
    own = secret_file(shared, lab.key_pem(key))

    def enrol():
        return agent.run("enrol", "--anchor", shared.root_pem, "--idevid-certificate", chain,
                         "--idevid-key", own).returncode == 0

    assert lab.eventually(enrol)  # listeners hear of the anchor a moment later
    assert shared.first.show(product, "GW-7")["device"]["proof"] == "idevid"


def test_a_held_device_asks_again_with_the_same_key(shared, product):
    shared.first.import_devices(product, {"A1": None}, hold="yes")
    token = shared.first.post("/tokens", {"product": product, "serial": "A1"}).ok()["token"]
    agent = Agent(shared, product, "A1")
    proof = ["--token-file", secret_file(shared, token.encode())]
    done = agent.enrol(*proof)
    assert done.returncode == UNREACHABLE
    assert "E3009" in done.stderr and "ask again in" in done.stderr
    asked_with = agent.key("next")
    shared.first.set(product, "A1", "admit").ok()
    assert agent.enrol(*proof).returncode == 0
    assert agent.key() == asked_with


def test_a_held_device_that_runs_waits_as_long_as_the_server_says(shared, product):
    key = lab.make_key()
    shared.first.import_devices(product, {"A1": key}, hold="yes")
    agent = Agent(shared, product, "A1")
    arguments = ["--serial", "A1", "--anchor", shared.root_pem, "--key",
                 secret_file(shared, lab.key_pem(key))]
    log = shared.scratch()
    with open(log, "wb") as file:
        running = subprocess.Popen(agent.words("run", *arguments), stderr=file)
    try:
        assert lab.eventually(lambda: "event=held" in log.read_text()), log.read_text()
        time.sleep(2)
        assert running.poll() is None
        waits = [int(one) for one in re.findall(r"event=held ms=(\d+)", log.read_text())]
        assert len(waits) == 1 and 30000 <= waits[0] <= 37500, waits
        assert "level=warning" not in log.read_text(), log.read_text()
        assert shared.first.state(product, "A1") == "expected"
    finally:
        running.kill()
        running.wait()


def test_a_wrong_token_is_refused_and_not_told_why(shared, product):
    shared.first.import_devices(product, {"A1": None})
    done = Agent(shared, product, "A1").enrol("--token-file", secret_file(shared, b"0" * 32))
    assert done.returncode == UNAUTHORISED
    assert "E2001" in done.stderr and "request" in done.stderr


def test_a_token_that_others_can_read_is_not_used(shared, product):
    token = secret_file(shared, b"0" * 32)
    token.chmod(0o644)
    done = Agent(shared, product, "A1").enrol("--token-file", token)
    assert done.returncode == 1
    assert "E6001" in done.stderr


def test_enrolling_twice_asks_the_server_once(shared, registered):
    agent, key = registered
    assert agent.enrol("--key", key).returncode == 0
    first = agent.certificate()
    assert agent.enrol("--key", key).returncode == 0
    assert agent.certificate() == first
    assert agent.enrol("--key", key, "--anew").returncode == 0
    assert agent.certificate() != first


# ---- renewal -------------------------------------------------------------------------------------


def test_a_renewal_has_a_new_key_the_same_names_and_supersedes(shared, enrolled):
    before, key = enrolled.certificate(), enrolled.key()
    done = enrolled.run("renew")
    assert done.returncode == 0, done.stderr
    after = enrolled.certificate()
    assert after.subject == before.subject and after.serial_number != before.serial_number
    assert enrolled.key() != key
    assert lab.eventually(lambda: shared.first.certificate_state(before) == "superseded")
    assert shared.first.certificate_state(after) == "current"
    assert len(list(enrolled.folder.glob("pair-*"))) == 1


def test_the_same_key_is_renewed_only_on_demand(enrolled):
    key = enrolled.key()
    assert enrolled.run("renew", "--same-key").returncode == 0
    assert enrolled.key() == key


def instant(text):
    return lab.datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def test_when_to_renew_is_what_the_server_says(shared, enrolled):
    """Each certificate its own instant: in the answer's header, in the interface, in the agent."""
    shown = shared.first.show(enrolled.product, enrolled.serial)
    said = instant(shown["device"]["renew_at"])
    assert [one["renew_at"] for one in shown["certificates"]] == [shown["device"]["renew_at"]]
    assert instant(json.loads(enrolled.run("due", "--json").stdout)["due"]) == said
    kept = enrolled.folder / "current" / "renew-at"
    assert int(kept.read_text()) == said.replace(tzinfo=lab.datetime.timezone.utc).timestamp()

    cert = enrolled.certificate()
    device = lab.Device(shared, enrolled.product, lab.serialization.load_pem_private_key(
        enrolled.key(), None), [cert])
    answer = device.enrol(lab.make_csr(lab.make_key(), subject=cert.subject), again=True)
    renewed, = answer.certificates()
    header = lab.datetime.datetime.strptime(answer.headers["renew-at"], "%a, %d %b %Y %H:%M:%S GMT")
    life = renewed.not_valid_after - renewed.not_valid_before
    assert renewed.not_valid_before + 0.6 * life <= header <= renewed.not_valid_before + 0.8 * life

    early = int(cert.not_valid_before.replace(tzinfo=lab.datetime.timezone.utc).timestamp()) + 1
    kept.write_text(f"{early}\n")  # had the server wanted it so
    time.sleep(1)
    assert enrolled.run("due").returncode == 0


def test_due_lies_in_the_window_and_is_not_now(enrolled):
    done = enrolled.run("due", "--json")
    assert done.returncode == 1
    cert = enrolled.certificate()
    due = lab.datetime.datetime.strptime(json.loads(done.stdout)["due"], "%Y-%m-%dT%H:%M:%SZ")
    life = cert.not_valid_after - cert.not_valid_before
    assert cert.not_valid_before + 0.6 * life <= due <= cert.not_valid_before + 0.8 * life


def test_two_agents_do_not_share_a_folder(shared, registered):
    agent, key = registered
    running = subprocess.Popen(
        agent.words("run", "--serial", "A1", "--anchor", shared.root_pem, "--key", key),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert lab.eventually(lambda: shared.first.state(agent.product, "A1") == "active")
        assert agent.run("renew").returncode == CONFLICT
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == -signal.SIGTERM


def test_run_does_not_give_up(shared, registered):
    """Nobody listens at first; then a port that leads to the server opens."""
    agent, key = registered
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    words = agent.words("run", "--serial", "A1", "--anchor", shared.root_pem, "--key", key,
                        port=port)
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert "E8003" in running.stderr.readline()
        with socket.create_server(("127.0.0.1", port)) as listener:
            relay(listener, shared.ports["device"],
                  lambda: shared.first.state(agent.product, "A1") == "active")
    finally:
        running.kill()
        running.wait()


def relay(listener, port, is_done):
    """Passes connections on, one at a time, until it is done: which shows a moment after the last one."""
    listener.settimeout(20)
    deadline = time.monotonic() + 30
    while not lab.eventually(is_done, within_s=0.2):
        assert time.monotonic() < deadline
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            pass_on(client, server)


def pass_on(client, server):
    while True:
        for ready in select.select([client, server], [], [], 20)[0]:
            try:
                data = ready.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return
            (server if ready is client else client).sendall(data)


# ---- what goes wrong -----------------------------------------------------------------------------


def test_power_lost_between_request_and_answer_costs_nothing(shared, enrolled):
    """The server has issued; the device is killed before it hears of it, and asks again."""
    marker = shared.scratch()
    proxy = subprocess.Popen(
        [sys.executable, str(lab.SOURCE / "script" / "hold-answer"), str(shared.ports["device"]),
         str(marker)], stdout=subprocess.PIPE, text=True)
    port = int(proxy.stdout.readline())
    victim = subprocess.Popen(enrolled.words("renew", port=port), stderr=subprocess.DEVNULL)
    assert lab.eventually(marker.exists)
    victim.kill()
    victim.wait()
    assert proxy.wait(10) == 0

    issued = shared.first.show(enrolled.product, "A1")["certificates"]
    assert sorted(one["state"] for one in issued) == ["current", "pending"]
    asked_with, before = enrolled.key("next"), enrolled.certificate()
    assert enrolled.run("renew").returncode == 0
    assert enrolled.key() == asked_with and enrolled.certificate() != before
    again = shared.first.show(enrolled.product, "A1")["certificates"]
    assert {one["serial"] for one in again} == {one["serial"] for one in issued}


def test_a_revoked_device_is_refused_and_told_why(shared, enrolled):
    shared.first.set(enrolled.product, "A1", "revoke", reason="key-compromise").ok()
    done = enrolled.run("renew")
    assert done.returncode == REFUSED
    assert "E3004" in done.stderr


def test_a_retired_device_cannot_come_back(shared, registered):
    agent, key = registered
    assert agent.enrol("--key", key).returncode == 0
    shared.first.set(agent.product, "A1", "retire").ok()
    assert agent.run("renew").returncode == REFUSED
    assert agent.enrol("--key", key, "--anew").returncode == REFUSED
    assert shared.first.state(agent.product, "A1") == "retired"


def test_a_lost_state_enrols_anew_by_its_factory_key(shared, registered):
    agent, key = registered
    assert agent.enrol("--key", key).returncode == 0
    reborn = Agent(shared, agent.product, "A1")
    assert lab.eventually(lambda: shared.first.state(agent.product, "A1") == "active")
    assert reborn.enrol("--key", key).returncode == 0
    assert lab.eventually(lambda: shared.first.certificate_state(agent.certificate()) ==
                          "superseded")
