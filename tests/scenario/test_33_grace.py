"""An expired certificate renews within its product's grace, over TLS, in virtual time: what it opens and
what it does not, clients that nobody here wrote, and a fleet that was switched off for a year."""

import contextlib
import os
import subprocess

import lab
import pytest
from test_40_agent import Agent, secret_file

DAY_S = 86400
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: this process lives in real time
REFUSED = 5


class Late(lab.Device):
    """An EST client that takes the server's certificate for what it is in virtual time."""

    def context(self):
        context = super().context()
        context.verify_flags |= NO_CHECK_TIME
        return context


def jump(server, alice, days):
    """The time of all goes by; the server, which did not sleep, must be told that it is true. `alice`
    is on a connection that she keeps."""
    server.control.wall_offset_s += days * DAY_S
    lab.eventually(lambda: not server.is_ready(), 2)  # it doubts now: before, there is nothing to accept
    alice.post("/clock/accept").ok()
    assert lab.eventually(lambda: has_new_certificate(server), 15)


def has_new_certificate(server):
    """The listeners' own certificates last seven days."""
    now = lab.time.time() + server.control.wall_offset_s
    server.is_ready()
    context = lab.ssl.create_default_context(cafile=str(server.root_pem))
    context.verify_flags |= NO_CHECK_TIME
    with lab.socket.create_connection(("localhost", server.ports["device"])) as raw, \
            context.wrap_socket(raw, server_hostname="localhost") as tls:
        der = tls.getpeercert(binary_form=True)
    return lab.x509.load_der_x509_certificate(der).not_valid_after.timestamp() > now


def enrol(server, alice, product, serial, *, is_used=True):
    """A device with a certificate: its key and its chain."""
    key = lab.make_key()
    alice.import_devices(product, {serial: key})
    leaf = Late(server, product).enrol(lab.make_csr(key, serial)).certificates()[0]
    device = Late(server, product, key, [leaf])
    if is_used:
        assert device.cacerts().status == 200
        assert lab.eventually(lambda: alice.state(product, serial) == "active")
    return device


def renew(device, key, *, again=True):
    return device.enrol(lab.make_csr(key, subject=device.chain[0].subject), again=again)


def expect_refusal(answer, code):
    """403 and, as the caller showed whose he is, why."""
    assert answer.status == 403 and answer.body.startswith(code.encode()), answer


def events(alice, product, serial):
    return [one["event"] for one in reversed(alice.show(product, serial)["timeline"])]


def td09(alice, product, serial):
    """Each TD-09 that the device ever had: open or closed."""
    return ["open" if one["closed"] is None else "closed"
            for one in alice.show(product, serial)["findings"] if one["check"] == "TD-09"]


@pytest.fixture
def late(faulty):
    """A server, and its operator on a connection that outlives every jump."""
    alice = faulty.bootstrap()
    with alice:
        assert alice.get("/status").status == 200
        yield faulty, alice


STATES = {"enrolled": None, "active": None, "quarantined": "quarantine", "lost": "lost",
          "retired": "retire"}


def test_an_expired_certificate_opens_renewal_of_an_active_device_and_nothing_else(late):
    server, alice = late
    alice.add_product("meter", grace_s=30 * DAY_S)
    alice.add_product("strict")
    cells = {}
    for state, verb in STATES.items():
        for route in ("cacerts", "simpleenroll", "simplereenroll"):
            serial = f"{state}-{route}"
            cells[state, route] = enrol(server, alice, "meter", serial, is_used=state != "enrolled")
            if verb is not None:
                alice.set("meter", serial, verb).ok()
    cells["strict", "simplereenroll"] = enrol(server, alice, "strict", "S-1")
    same = enrol(server, alice, "meter", "same-key")
    jump(server, alice, 91)

    issued = set()
    for (state, route), device in cells.items():
        if route == "cacerts":
            assert device.cacerts().status == 200  # for anybody
        else:
            answer = renew(device, lab.make_key(), again=route == "simplereenroll")
            if answer.status == 200:
                issued.add((state, route))
    assert issued == {("active", "simplereenroll")}
    expect_refusal(renew(cells["strict", "simplereenroll"], lab.make_key()), "E3030")
    expect_refusal(renew(same, same.key), "E3031")
    operators = Late(server, None, same.key, same.chain)
    operators.port = server.ports["operator"]
    assert operators.request("GET", "/api/v1/devices").status in (401, 403)
    server.stop_and_audit()


def renew_by(ask, server, device, stem):
    stem.with_suffix(".old.key").write_bytes(lab.key_pem(device.key))
    stem.with_suffix(".old.pem").write_text(lab.certificate_pem(device.chain[0]))
    csr = lab.make_csr(lab.make_key(), subject=device.chain[0].subject)
    stem.with_suffix(".csr").write_text(lab.csr_pem(csr))
    der = csr.public_bytes(lab.serialization.Encoding.DER)
    stem.with_suffix(".b64").write_bytes(lab.base64.b64encode(der))
    ask(server, device, stem, {**os.environ, **server.clock})


def curl(server, device, stem, environment):
    done = lab.run("curl", "-sS", "--fail", "--cacert", str(server.root_pem),
                   "--cert", str(stem.with_suffix(".old.pem")), "--key", str(stem.with_suffix(".old.key")),
                   "-H", "Content-Type: application/pkcs10",
                   "--data-binary", f"@{stem.with_suffix('.b64')}",
                   f"https://localhost:{device.port}{device.path}/simplereenroll", env=environment)
    assert len(lab.pkcs7.load_der_pkcs7_certificates(lab.base64.b64decode(done.stdout))) == 1


def strongswan(server, device, stem, environment):
    conf = stem.with_suffix(".conf")
    conf.write_text("pki { load = random nonce x509 pubkey pkcs1 pkcs7 pkcs8 pem openssl hmac kdf "
                    "curl revocation constraints }\nlibtls { version_max = 1.3 }\n")
    issuer = server.folder / "data" / "ca" / "ldevid.cer"
    done = lab.run("pki", "--est", "--url", f"https://localhost:{device.port}",
                   "--in", str(stem.with_suffix(".csr")), "--cacert", str(server.root_pem),
                   "--cacert", str(issuer), "--cert", str(stem.with_suffix(".old.pem")),
                   "--key", str(stem.with_suffix(".old.key")), "--outform", "pem",
                   env={**environment, "STRONGSWAN_CONF": str(conf)})
    assert "BEGIN CERTIFICATE" in done.stdout


def test_td09_is_open_from_the_late_use_until_the_new_certificate_is_used(late, tmp_path):
    server, alice = late
    alice.add_product("meter")
    alice.post("/products/meter", {"grace_s": 30 * DAY_S}).ok()
    device = enrol(server, alice, "meter", "M-1")
    # clients that nobody here wrote
    strangers = {ask: enrol(server, alice, "meter", ask.__name__) for ask in (curl, strongswan)}
    old = device.chain[0]
    jump(server, alice, 91)
    assert alice.show("meter", "M-1")["device"]["verdict"] == "grace"
    key = lab.make_key()
    leaf = renew(device, key).certificates()[0]
    assert td09(alice, "meter", "M-1") == ["open"]
    assert leaf.subject == old.subject
    renewed = Late(server, "meter", key, [leaf])
    assert renewed.cacerts().status == 200
    assert lab.eventually(lambda: td09(alice, "meter", "M-1") == ["closed"])
    shown = alice.show("meter", "M-1")["device"]
    assert (shown["state"], shown["verdict"]) == ("active", "trusted")
    told = events(alice, "meter", "M-1")
    assert told[-2:] == ["certificate-proven", "finding-closed"]
    assert told.count("grace-renewed") == 1
    assert alice.certificate_state(old) == "superseded"
    for ask, device in strangers.items():
        renew_by(ask, server, device, tmp_path / ask.__name__)
        assert "grace-renewed" in events(alice, "meter", ask.__name__)
    server.stop_and_audit()


class LateAgent(Agent):
    """An agent whose clock is the server's."""

    def run(self, verb, *arguments, port=None):
        return lab.run(*self.words(verb, *arguments, port=port), check=False,
                       env={**os.environ, **self.server.environment})

    def switch_on(self):
        """`troth-agent run`, as its unit starts it at boot."""
        log = open(self.folder.with_suffix(".log"), "wb")
        with log:
            return subprocess.Popen(self.words("run"), stdout=log, stderr=log,
                                    env={**os.environ, **self.server.environment})


def make_fleet(server, alice, product, count):
    agents = [LateAgent(server, product, f"{product}-{n}") for n in range(count)]
    alice.import_devices(product, {agent.serial: None for agent in agents})
    for agent in agents:
        token = alice.post("/tokens", {"product": product, "serial": agent.serial}).ok()["token"]
        done = agent.enrol("--token-file", secret_file(server, token.encode()))
        assert done.returncode == 0, done.stderr
        assert lab.eventually(lambda one=agent: alice.state(product, one.serial) == "active")
    return agents


def test_a_fleet_switched_off_for_a_year_comes_back_by_itself(late):
    server, alice = late
    alice.add_product("pump", grace_s=400 * DAY_S)
    alice.add_product("valve", grace_s=30 * DAY_S)
    fleet = make_fleet(server, alice, "pump", 8)
    short = make_fleet(server, alice, "valve", 1)[0]
    before = {agent: (agent.certificate().serial_number, agent.key()) for agent in fleet}
    jump(server, alice, 365)

    running = [agent.switch_on() for agent in fleet]
    try:
        for agent in fleet:
            assert lab.eventually(lambda one=agent: one.certificate().serial_number != before[one][0], 30)
            assert agent.key() != before[agent][1]
            assert lab.eventually(lambda one=agent: td09(alice, "pump", one.serial) == ["closed"])
    finally:
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
    for agent in fleet:
        assert events(alice, "pump", agent.serial).count("grace-renewed") == 1
        assert alice.show("pump", agent.serial)["device"]["verdict"] == "trusted"
        assert agent.run("due").returncode == 1  # enrolled for another term

    refused = short.run("renew")
    assert refused.returncode == REFUSED
    assert "E3030" in refused.stderr and "no more grace" in refused.stderr, refused.stderr
    assert td09(alice, "valve", short.serial) == ["open"]
    assert "grace-renewed" not in events(alice, "valve", short.serial)
    server.stop_and_audit()


def test_a_clock_that_nobody_accepted_gives_no_grace(late):
    server, alice = late
    alice.add_product("meter", grace_s=400 * DAY_S)
    device = enrol(server, alice, "meter", "M-1")
    server.control.wall_offset_s += 365 * DAY_S
    answer = renew(device, lab.make_key())
    assert answer.status == 503, answer
    assert "grace-renewed" not in events(alice, "meter", "M-1")
