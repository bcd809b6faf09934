"""A device front that was taken over tries, from inside the real sandbox of a running server, what
no front may do (design 9: a hostile front has no key, no database, no operator verb). The second
front of trothd-hostile is tests/scenario/hostile/, all else is the real server."""

import os
import re
import signal
import subprocess
import time

import pytest

import lab
import messages

FILES = ("signer/ldevid.pem", "signer/journal", "store/troth.db", "store/troth.db-wal",
         "store/troth.db-shm")
PROCESSES = ("supervisor", "core", "signer")
METERS = 14
RENEWALS_AN_HOUR = 10  # outside their window, of a product (design 3)
BUDGET = "5002"
CLAIMS_AN_HOUR = 4  # of the product "gauge"
GAUGES = 9
# src/trust/include/trust/authorise.h
OPERATION_ENROL, OPERATION_REENROL = 1, 2
CREDENTIAL_REGISTERED_TLS, CREDENTIAL_LDEVID = 4, 6

# What must come of every act: killed by the filter, or refused with this errno.
WANTED = {
    **{f"{act} {file}": outcome for file in FILES for act, outcome in {
        "openat": "killed", "openat2": "EACCES", "openat2 to write": "EACCES",
        "truncate": "killed", "unlink": "killed"}.items()},
    **{f"{act} {process}": outcome for process in PROCESSES for act, outcome in {
        "ptrace": "killed", "process_vm_readv": "killed", "open memory": "EACCES",
        "kill": "killed", "tgkill": "killed", "pidfd_open": "killed",
        "signal by fcntl": "killed"}.items()},
    "climb": "EACCES", "climb beneath": "EXDEV", "open /etc/passwd": "EACCES",
    "read public file": "done", "write public file": "EACCES", "make public file": "EACCES",
    **dict.fromkeys((
        "lock", "ftruncate", "chmod",
        "execve", "execveat", "fork", "clone", "clone3", "unshare",
        "socket", "socketpair", "connect", "bind", "listen", "sendto",
        "mmap executable", "mprotect executable", "pkey_mprotect", "memfd_create",
        "setuid", "setgroups", "capset", "chroot", "mount", "dumpable again", "seccomp", "limits",
        "io_uring_setup", "bpf", "perf_event_open", "keyctl", "userfaultfd"), "killed"),
}  # fmt: skip


class HostileServer:
    """trothd-hostile over the installation of a lab.Server."""

    def __init__(self, server, number, send=None):
        self.log_file = server.folder / f"hostile-{number}.log"
        environment = {**os.environ, "TROTH_HOSTILE_SEND": str(send)} if send else None
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [lab.program("tests/scenario/hostile/trothd-hostile"), "serve", "--config",
                 str(server.config_file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=server.folder,
                env=environment)

    def log(self):
        return self.log_file.read_text()

    def wait_for(self, text):
        deadline = time.monotonic() + lab.READY_S
        while text not in self.log():
            assert time.monotonic() < deadline, f"no '{text}' in\n{self.log()}"
            assert self.process.poll() is None or text in self.log(), self.log()
            time.sleep(0.02)

    def stop(self):
        """Asked to end, it ends well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(lab.STOP_S) == 0, self.log()

    def wait(self):
        """It ends by itself; the exit status."""
        return self.process.wait(lab.STOP_S)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """One that has served: an operator, a product, a device that may enrol, and METERS that did."""
    server = lab.Server(tmp_path_factory.mktemp("hostile") / "troth").init().start()
    try:
        alice = server.bootstrap()
        alice.add_product("valve")
        alice.import_devices("valve", {"SN-1": lab.make_key()})
        alice.add_product("gauge", claims_an_hour=CLAIMS_AN_HOUR)
        server.gauges = {f"G-{n}": lab.make_key() for n in range(GAUGES)}
        alice.import_devices("gauge", server.gauges)
        alice.add_product("meter")
        keys = {f"M-{n}": lab.make_key() for n in range(METERS)}
        alice.import_devices("meter", keys)
        server.ldevid = next(one["id"] for one in alice.get("/issuers").ok()["items"]
                             if one["kind"] == "ldevid")
        server.meters = []
        for serial, key in keys.items():
            leaf, = lab.Device(server, "meter").enrol(lab.make_csr(key, serial)).certificates()
            assert lab.Device(server, "meter", key, [leaf]).cacerts().status == 200
            server.meters.append(leaf)
        assert lab.eventually(lambda: all(
            one["state"] == "current" for one in alice.pages("/certificates", product="meter")))
        server.stop()
        yield server
    finally:
        server.kill()


@pytest.fixture
def hostile(installation, request):
    """Starts servers whose second front is hostile."""
    started = []

    def start(send=None):
        number = f"{abs(hash(request.node.name))}-{len(started)}"
        started.append(HostileServer(installation, number, send))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.mark.skipif(os.environ.get("TROTH_TEST_SANDBOX") == "off",
                    reason="the sandbox is refused by name for this build (sanitizers)")
def test_every_act_is_refused_and_the_server_lives_on(installation, hostile):
    server = hostile()
    server.wait_for("event=acts-done")
    server.wait_for("event=ready")
    assert installation.plain("/crl/1-0-0.crl").status == 200
    server.stop()
    seen = {name.strip('"'): outcome.strip('"') for name, outcome in re.findall(
        r'event=act name=("[^"]*"|\S+) outcome=("[^"]*"|\S+)', server.log())}
    assert seen == WANTED


def verbs_of_others():
    """Every message that somebody else may send to core, and some that core itself sends."""
    to_core = [name for name, (_, sender, receiver) in messages.TYPES.items()
               if receiver == "CORE" and sender != "FRONT"]
    assert {"device_set", "cert_revoke", "operator_add", "sign_answer"} <= set(to_core)
    return to_core + ["sign", "enrol_answer", "core_ready", "import_row"]


@pytest.mark.parametrize("name", verbs_of_others())
def test_core_refuses_a_message_that_a_front_may_not_send(installation, hostile, tmp_path, name):
    values = {"product": "valve", "serial_number": "SN-1", "verb": 5, "name": "mallory"}
    known = {field for _, field in messages.fields(name)}
    message = messages.encode(name, **{key: value for key, value in values.items() if key in known})
    server = hostile(messages.write_file(tmp_path / "message", message))
    assert server.wait() != 0
    assert f"front may not send {name} to core" in server.log()


@pytest.mark.parametrize("wire", [b"\0", b"\0\1", b"\xff\xff" + bytes(40), b"\0\1" + bytes(65000)],
                         ids=["one octet", "no fields", "no such type", "too long"])
def test_core_refuses_what_is_no_message(installation, hostile, tmp_path, wire):
    server = hostile(messages.write_file(tmp_path / "message", wire))
    assert server.wait() != 0
    assert "process-died of=core" in server.log()


def spki_of(key):
    return key.public_key().public_bytes(lab.serialization.Encoding.DER,
                                         lab.serialization.PublicFormat.SubjectPublicKeyInfo)


def stolen_renewal(server, number, leaf):
    """A renewal of a device whose certificate the front saw, for a key of the front's own."""
    key = lab.make_key()
    csr = lab.make_csr(key, subject=leaf.subject)
    return messages.encode(
        "enrol", id=number, operation=OPERATION_REENROL, credential=CREDENTIAL_LDEVID,
        peer_spki=bytes.fromhex(lab.spki_hash(leaf)), peer_serial=leaf.serial_number.to_bytes(16, "big"),
        peer_issuer=server.ldevid, peer_not_after_s=int(leaf.not_valid_after.timestamp()),
        handshake_s=int(time.time()), label="meter", names_equal=1,
        spki=spki_of(key),
        csr=csr.public_bytes(lab.serialization.Encoding.DER))


def test_renewals_that_a_front_claims_outside_their_window_have_a_budget(installation, hostile,
                                                                         tmp_path):
    """What a front says of its peer is a claim: with the certificates that it saw it renews a few
    devices of a product in an hour for itself, and then no more; not after a restart either."""

    def renewed():
        installation.start()
        alice = lab.Operator(installation, installation.first.key, installation.first.chain[0])
        rows = alice.pages("/certificates", product="meter")
        installation.stop()
        return {one["device_serial"]: [other["state"] for other in rows
                                       if other["device_serial"] == one["device_serial"]]
                for one in rows}

    assert set(map(len, renewed().values())) == {1}
    for attempt in range(2):
        wanted = [stolen_renewal(installation, number + 1, leaf)
                  for number, leaf in enumerate(installation.meters)]
        server = hostile(messages.write_file(tmp_path / f"messages-{attempt}", *reversed(wanted)))
        server.wait_for("event=acts-done")
        server.wait_for("event=ready")
        for number in range(METERS):
            server.wait_for(f"event=answer id={number + 1} ")
        server.stop()
        codes = re.findall(r"event=answer id=\d+ code=(\d+)", server.log())
        served = RENEWALS_AN_HOUR if attempt == 0 else 0
        assert sorted(codes) == ["0"] * served + [BUDGET] * (METERS - served)
        counts = sorted(map(len, renewed().values()))
        assert counts == [1] * (METERS - RENEWALS_AN_HOUR) + [2] * RENEWALS_AN_HOUR
    assert not any("revoked" in states for states in renewed().values())


def claimed_enrolment(number, serial, registered):
    """A first enrolment of a device that the front says to have on TLS, for a key of the front's own."""
    key = lab.make_key()
    return messages.encode(
        "enrol", id=number, operation=OPERATION_ENROL, credential=CREDENTIAL_REGISTERED_TLS,
        peer_spki=bytes.fromhex(lab.spki_hash(registered)), handshake_s=int(time.time()),
        label="gauge", spki=spki_of(key), csr_serial_number=serial,
        csr=lab.make_csr(key, serial).public_bytes(lab.serialization.Encoding.DER))


def about_product(alice, product):
    return [one for one in alice.pages("/findings", product=product) if one["about"] == "product"]


def test_enrolments_that_a_front_claims_have_a_budget_and_a_person_is_asked(installation, hostile,
                                                                            tmp_path):
    """Of the devices that are expected it gets a few for itself in an hour, and an admin sees it."""
    wanted = [claimed_enrolment(number + 1, serial, key)
              for number, (serial, key) in enumerate(installation.gauges.items())]
    server = hostile(messages.write_file(tmp_path / "messages", *reversed(wanted)))
    server.wait_for("event=acts-done")
    server.wait_for("event=ready")
    for number in range(GAUGES):
        server.wait_for(f"event=answer id={number + 1} ")
    server.stop()
    codes = re.findall(r"event=answer id=\d+ code=(\d+)", server.log())
    assert sorted(codes) == ["0"] * CLAIMS_AN_HOUR + [BUDGET] * (GAUGES - CLAIMS_AN_HOUR)

    installation.start()
    alice = lab.Operator(installation, installation.first.key, installation.first.chain[0])
    states = [alice.state("gauge", serial) for serial in installation.gauges]
    assert sorted(states) == ["enrolled"] * CLAIMS_AN_HOUR + ["expected"] * (GAUGES - CLAIMS_AN_HOUR)
    finding, = about_product(alice, "gauge")
    assert (finding["check"], finding["severity"], finding["serial"]) == ("TD-23", "high", "")
    assert finding["mend"] == f"troth finding close {finding['id']}"
    answered = alice.post(f"/findings/{finding['id']}/close", {"note": "a front was taken over"}).ok()
    assert answered["findings"] == 1
    assert about_product(alice, "gauge") == []
    installation.stop()


def test_an_empty_message_is_a_hang_up_and_harms_nobody(installation, hostile, tmp_path):
    server = hostile(messages.write_file(tmp_path / "message", b""))
    server.wait_for("event=acts-done")
    server.wait_for("event=ready")
    assert installation.local("GET", "/livez").status == 200
    server.stop()


def test_nothing_that_was_sent_has_had_an_effect(installation):
    """The last of this file: the same installation under the real server."""
    installation.start()
    operator = lab.Operator(installation, installation.first.key, installation.first.chain[0])
    assert operator.state("valve", "SN-1") == "expected"
    assert [one["name"] for one in operator.get("/operators").ok()["items"]] == ["alice"]
    assert [one["name"] for one in operator.get("/products").ok()["items"]] == ["valve", "gauge", "meter"]
    installation.stop()
