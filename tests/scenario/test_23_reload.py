"""SIGHUP has the configuration read anew, prepared in every process and committed in all, or nothing: with
real processes, TLS connections that were open before, and requests under way."""

import json
import os
import signal
import threading
import time

import lab
import pytest


@pytest.fixture(scope="module")
def reloading(tmp_path_factory):
    config = {"public_url": "http://localhost:8080", "limits": {"idle_s": 60}}
    server = lab.Server(tmp_path_factory.mktemp("troth") / "troth", config).init()
    try:
        server.start().bootstrap()
        server.first.add_product("pump")
        yield server
        server.stop()
    finally:
        server.kill()


def reload(server, text, *, event):
    """Writes the file and sends the signal; the line that ends it."""
    seen = server.log().count(f"event={event}")
    server.config_file.write_text(text if isinstance(text, str) else json.dumps(text, indent=2))
    server.process.send_signal(signal.SIGHUP)
    assert lab.eventually(lambda: server.log().count(f"event={event}") > seen, 20), server.log()[-3000:]
    return [line for line in server.log().splitlines() if f"event={event}" in line][-1]


def names(server, port):
    """DNS names in the certificate of a new connection."""
    context = lab.ssl.create_default_context(cafile=str(server.root_pem))
    context.check_hostname = False
    with lab.socket.create_connection(("localhost", server.ports[port])) as raw, \
            context.wrap_socket(raw) as tls:
        der = tls.getpeercert(binary_form=True)
    certificate = lab.x509.load_der_x509_certificate(der)
    found = certificate.extensions.get_extension_for_class(lab.x509.SubjectAlternativeName)
    return found.value.get_values_for_type(lab.x509.DNSName)


def ports_of_all(server):
    """Every front answers: new connections meet one after the other."""
    return [names(server, "device") for _ in range(6)] + [names(server, "operator")]


def test_new_names_have_a_certificate_before_they_count_and_no_connection_notices(reloading):
    device = lab.Device(reloading, "pump")
    with reloading.first as alice, device:
        assert alice.get("/status").status == 200
        assert device.cacerts().status == 200
        before = (alice._kept.sock.getsockname(), device._kept.sock.getsockname())
        reload(reloading, {**reloading.config, "server": {"names": ["localhost", "pumps.example"]}},
               event="reloaded")
        assert all(found == ["localhost", "pumps.example"] for found in ports_of_all(reloading))
        assert alice.get("/status").status == 200
        assert device.cacerts().status == 200
        assert (alice._kept.sock.getsockname(), device._kept.sock.getsockname()) == before
        reload(reloading, reloading.config, event="reloaded")
        assert all(found == ["localhost"] for found in ports_of_all(reloading))
        assert alice.get("/status").status == 200
        assert device.cacerts().status == 200


def test_requests_under_way_are_answered(reloading):
    """Enrolments without end on connections that are kept, while the names change back and forth."""
    keys = {f"R-{n}": lab.make_key() for n in range(600)}
    reloading.first.import_devices("pump", keys)
    work, wrong, done = list(keys.items()), [], []
    lock = threading.Lock()

    def enrol_all():
        with lab.Device(reloading, "pump") as device:
            while True:
                with lock:
                    if not work:
                        return
                    serial, key = work.pop()
                answer = device.enrol(lab.make_csr(key, serial))
                (done if answer.status == 200 else wrong).append((serial, answer))

    threads = [threading.Thread(target=enrol_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    rounds = 0
    while any(thread.is_alive() for thread in threads) or rounds < 2:
        other = ["localhost", f"n{rounds}.example"]
        reload(reloading, {**reloading.config, "server": {"names": other}}, event="reloaded")
        rounds += 1
    for thread in threads:
        thread.join()
    reload(reloading, reloading.config, event="reloaded")
    assert wrong == [] and len(done) == 600
    assert "another certificate from the same grant" not in reloading.log()


def test_deadlines_and_the_log_change_without_a_restart(reloading):
    config = {**reloading.config, "limits": {"idle_s": 1}, "log": {"format": "json", "level": "info"}}
    reload(reloading, json.dumps(config), event="reload ")
    assert lab.eventually(lambda: '"event":"reloaded"' in reloading.log())
    with lab.Device(reloading, "pump") as device:
        assert device.cacerts().status == 200
        device._kept.sock.settimeout(10)
        assert device._kept.sock.recv(1) == b""  # cut after a second, not a minute
    refused = lab.Device(reloading, "pump").request("GET", "/nowhere").headers["x-request-id"]
    lines = [json.loads(line) for line in reloading.log().splitlines() if line.startswith("{")]
    assert [line["process"][:5] for line in lines if line.get("request") == refused] == ["front"]
    reloading.config_file.write_text(json.dumps(reloading.config))
    reloading.process.send_signal(signal.SIGHUP)
    assert lab.eventually(lambda: reloading.log().splitlines()[-1].startswith("time="))


BAD = {
    "empty": "",
    "no mapping": "[]",
    "unknown key": '{"nonsense": 1}',
    "double key": "fronts: 2\nfronts: 2\n",
    "out of range": '{"fronts": 99}',
    "bad name": '{"server": {"names": ["*.example"]}}',
    "second document": "fronts: 2\n---\nfronts: 2\n",
    "cut off": '{"fronts": ',
    "control character": "data: \"a\\x00b\"\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_file_that_does_not_parse_whole_changes_nothing(reloading, text):
    line = reload(reloading, text, event="reload-refused")
    assert "code=E1003" in line and "troth.yaml:" in line, line
    assert names(reloading, "device") == ["localhost"]
    assert reloading.first.get("/status").status == 200


def test_a_setting_that_needs_a_restart_is_named_and_nothing_else_changes(reloading):
    wanted = {
        "fronts": (3, "fronts: running with 2, the file wants 3"),
        "public_url": ("http://other:80", 'public_url: running with \\"http://localhost:8080\\"'),
        "listen": ({**reloading.config["listen"], "plain": "127.0.0.1:1"}, "listen.plain: running with"),
        "log": ({"to": "journal"}, "log.to: running with stderr, the file wants journal"),
        "sandbox": ({"landlock": "off"}, "sandbox.landlock: running with on, the file wants off"),
        "data": ("elsewhere", "data: running with"),
    }
    for key, (value, said) in wanted.items():
        config = {**reloading.config, "server": {"names": ["localhost", "never.example"]}, key: value}
        line = reload(reloading, config, event="reload-refused")
        assert "code=E1020" in line and said in line, line
        assert names(reloading, "device") == ["localhost"]


def test_a_process_that_does_not_answer_refuses_the_reload(reloading):
    """Core stands still: ten seconds later nothing was changed, and what it says then is too late."""
    core = reloading.child("core")
    config = {**reloading.config, "server": {"names": ["localhost", "never.example"]}}
    os.kill(core, signal.SIGSTOP)
    try:
        line = reload(reloading, config, event="reload-refused")
    finally:
        os.kill(core, signal.SIGCONT)
    assert "code=E1020" in line and "did not answer within" in line, line
    assert all(found == ["localhost"] for found in ports_of_all(reloading))
    reload(reloading, reloading.config, event="reloaded")
    assert reloading.first.get("/status").status == 200


def test_a_commit_has_a_deadline_of_its_own(reloading):
    """One front is slow to prepare, and another, which had prepared by then, to commit."""
    slow, next_one = reloading.children_of("front")[:2]
    seen = reloading.log().count("event=reloaded")
    os.kill(slow, signal.SIGSTOP)
    try:
        reloading.process.send_signal(signal.SIGHUP)
        time.sleep(5)
        os.kill(next_one, signal.SIGSTOP)
        time.sleep(4.5)
        os.kill(slow, signal.SIGCONT)
        time.sleep(1.5)
    finally:
        os.kill(slow, signal.SIGCONT)
        os.kill(next_one, signal.SIGCONT)
    assert lab.eventually(lambda: reloading.log().count("event=reloaded") > seen), reloading.log()[-2000:]
    assert reloading.first.get("/status").status == 200
