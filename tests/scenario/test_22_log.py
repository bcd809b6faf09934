"""The log: every line of a request has its id, in whatever process it was written; every refusal names
rule, value seen, value wanted and peer, and the caller learns no more of it than before; JSON is JSON, and
the systemd journal, which runs here for real, finds the lines by request."""

import json
import os
import re
import shutil
import subprocess

import lab
import pytest

JOURNALD = "/lib/systemd/systemd-journald"


def lines_of(server, **wanted):
    """Lines of a JSON log with these members."""
    lines = [json.loads(line) for line in server.log().splitlines()]
    return [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    """A server that logs JSON."""
    config = {"log": {"format": "json", "level": "info"}}
    server = lab.Server(tmp_path_factory.mktemp("troth") / "troth", config).init()
    try:
        server.start().bootstrap()
        yield server
        server.stop()
    finally:
        server.kill()


def forged(key, serial):
    """A request whose signature is somebody else's."""
    der = bytearray(lab.make_csr(key, serial).public_bytes(lab.serialization.Encoding.DER))
    other = lab.make_csr(key, serial).public_bytes(lab.serialization.Encoding.DER)
    for index in range(1, 9):
        der[-index] = other[-index] ^ 1
    return bytes(der)


def post(device, route, der, **headers):
    return device.request("POST", f"{device.path}/{route}", lab.base64.b64encode(der),
                          {"Content-Type": "application/pkcs10", **headers})


def test_a_request_has_its_id_in_every_process(talking):
    alice = talking.first
    alice.add_product("pump")
    key = lab.make_key()
    alice.import_devices("pump", {"P-1": key})
    answer = post(lab.Device(talking, "pump"), "simpleenroll", forged(key, "P-1"))
    assert answer.status in (400, 401), answer
    request = answer.headers["x-request-id"]
    lines = lab.eventually(lambda: lines_of(talking, request=request))
    said = {(re.sub(r"\..*", "", line["process"]), line["event"]) for line in lines}
    assert {("signer", "refused"), ("core", "signer-refused"), ("front", "refused")} <= said, lines


def test_a_refusal_says_to_the_operator_what_the_caller_is_not_told(talking):
    alice = talking.first
    alice.add_product("valve")
    token = "00112233445566778899aabbccddeeff"
    csr = lab.make_csr(lab.make_key(), "V-\x1b1").public_bytes(lab.serialization.Encoding.DER)
    basic = lab.base64.b64encode(f"V-1:{token}".encode()).decode()
    answer = post(lab.Device(talking, "valve"), "simpleenroll", csr, Authorization=f"Basic {basic}")
    assert answer.status in (400, 401) and b"token" not in answer.body
    key = lab.make_key()
    stranger = post(lab.Device(talking, "valve"), "simpleenroll",
                    lab.make_csr(key, "V-1").public_bytes(lab.serialization.Encoding.DER),
                    Authorization=f"Basic {basic}")
    assert stranger.status == 401 and stranger.body == b""
    line = lines_of(talking, request=stranger.headers["x-request-id"], event="refused")[-1]
    assert line["code"] == "E2001" and "no device has this token" in line["text"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line["peer"])
    assert token not in talking.log() and basic not in talking.log()


def test_a_token_in_the_place_of_the_name_is_not_in_the_log(talking):
    """Name and password swapped; and a good token whose name is another token."""
    alice = talking.first
    alice.add_product("lamp")
    alice.import_devices("lamp", {"L-1": None, "L-2": None})
    one, other = (alice.post("/tokens", {"product": "lamp", "serial": serial}).ok()["token"]
                  for serial in ("L-1", "L-2"))
    said = {(one, "L-1"): f"no device has this token; the name beside it: {len(one)} octets that name no device",
            (one, other): f"the token is for another serial number than {len(one)} octets that name no device",
            ("L-1", "0" * 32): 'no device has this token; the name beside it: "L-1"',
            ("L-1", other): 'the token is for another serial number than "L-1"'}
    for basic, text in said.items():
        answer = lab.Device(talking, "lamp").enrol(lab.make_csr(lab.make_key(), "L-1"), basic=basic)
        assert answer.status == 401 and answer.body == b""
        request = answer.headers["x-request-id"]
        lines = lab.eventually(lambda: lines_of(talking, request=request, event="refused"))
        assert text in lines[-1]["text"], lines
    assert one not in talking.log() and other not in talking.log()


def test_every_kind_of_refusal_is_in_the_log_once_with_seen_and_wanted(talking):
    alice = talking.first
    alice.add_product("meter")
    key = lab.make_key()
    alice.import_devices("meter", {"M-1": key})
    leaf = lab.Device(talking, "meter").enrol(lab.make_csr(key, "M-1")).certificates()[0]
    device = lab.Device(talking, "meter", key, [leaf])
    assert device.cacerts().status == 200
    assert lab.eventually(lambda: alice.state("meter", "M-1") == "active")
    alice.set("meter", "M-1", "lost").ok()
    der = lab.make_csr(lab.make_key(), subject=leaf.subject).public_bytes(lab.serialization.Encoding.DER)
    long = "x" * 200
    refusals = {
        "E1006": device.request("PUT", device.path + "/cacerts"),
        "E1005": device.request("POST", device.path + "/simpleenroll", b"", {"Content-Type": long}),
        "E4001": device.request("GET", "/nowhere"),
        "E1007": post(device, "simpleenroll", b"\x30\x00"),
        "E3004": post(device, "simplereenroll", der),
        "E1002": alice.post("/tokens", {"product": "meter", "serial": "M-1", "ttl_s": 1}),
        "E2002": talking.nobody().get("/status"),
    }
    for code, answer in refusals.items():
        assert answer.status >= 400, (code, answer)
        lines = lines_of(talking, request=answer.headers["x-request-id"], event="refused")
        assert [line["code"] for line in lines] == [code], (code, lines)
        assert lines[0]["peer"].startswith("127.0.0.1:"), lines
        assert re.search("want|wants|wanted", lines[0]["text"]), lines
    seen = lines_of(talking, request=refusals["E1005"].headers["x-request-id"])[0]["text"]
    assert "x" * 64 in seen and "x" * 65 not in seen
    text = lines_of(talking, request=refusals["E3004"].headers["x-request-id"])[0]["text"]
    assert text == ('renew by LDevID of device "M-1" of product "meter", which is lost: '
                    "wanted a device that is active"), text


@pytest.fixture
def journal(tmp_path):
    """A journal of the test's own, in a /run of its own; what runs a program beside it."""
    if os.geteuid() != 0 or not os.path.exists(JOURNALD):
        pytest.skip("a journal of one's own needs root and systemd")
    script = ("mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && "
              f"exec {JOURNALD}")
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    beside = ["nsenter", "--mount", f"--target={process.pid}"]
    try:
        assert lab.eventually(lambda: lab.run(*beside, "test", "-S", "/run/systemd/journal/socket",
                                              check=False).returncode == 0)
        yield beside
    finally:
        process.terminate()
        process.wait()


def test_the_journal_finds_a_request(journal, tmp_path, monkeypatch):
    server = lab.Server(tmp_path / "troth", {"log": {"to": "journal"}}).init()
    real = lab.program
    wrapper = tmp_path / "trothd-beside-the-journal"
    wrapper.write_text(f"#!/bin/sh\nexec {' '.join(journal)} {real('trothd')} \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setattr(lab, "program", lambda name: str(wrapper) if name == "trothd" else real(name))
    try:
        server.start()
        answer = lab.Device(server, "nobody").request("GET", "/nowhere")
        request = answer.headers["x-request-id"]
        found = lab.eventually(lambda: lab.run(*journal, "journalctl", "-o", "json", f"TROTH_REQUEST={request}",
                                               check=False).stdout)
        entry = json.loads(found.splitlines()[0])
        assert entry["TROTH_EVENT"] == "refused" and entry["TROTH_CODE"] == "E4001"
        assert entry["SYSLOG_IDENTIFIER"] == "trothd" and entry["PRIORITY"] == "6"
        assert entry["TROTH_PROCESS"].startswith("front.")
        assert "event=refused" in entry["MESSAGE"]
        assert server.log() == ""  # nothing beside the journal
        server.stop()
    finally:
        server.kill()


def test_without_a_journal_the_server_does_not_start(tmp_path):
    if os.path.exists("/run/systemd/journal/socket"):
        pytest.skip("there is a journal on this machine")
    server = lab.Server(tmp_path / "troth", {"log": {"to": "journal"}}).init()
    done = lab.run(lab.program("trothd"), "serve", "--config", str(server.config_file), check=False)
    assert done.returncode == 1
    assert "/run/systemd/journal/socket" in done.stderr, done.stderr
    shutil.rmtree(server.folder)
