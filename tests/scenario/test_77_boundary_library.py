"""libtroth-boundary against the real server, by a program that says what it decides: enrolment by the printed command,
revocation, quarantine, renewal and bindings within a second, a server that is gone and one that comes back, reports."""

import contextlib
import shutil
import subprocess
import threading
import time

import pytest

import lab
from test_33_grace import enrol, jump

DAY_S = 86400
ACTIVE_KIND, ADMITTED_KIND = 5, 1
AGE_S = 4


class Probe:
    """A boundary with a mouth: tests/scenario/probe/boundary_probe.c."""

    def __init__(self, state, environment=None):
        self.log = state.parent / f"{state.name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [lab.program("tests/scenario/probe/boundary-probe"), str(state)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True, env={**lab.os.environ, **(environment or {})})
        self.lock = threading.Lock()

    def ask(self, *words):
        with self.lock:
            print(*words, file=self.process.stdin, flush=True)
            return self.process.stdout.readline().strip()

    def decide(self, device, service="mqtt", action="connect", resource=""):
        path = device.server.scratch().with_suffix(".der")
        path.write_bytes(device.chain[0].public_bytes(lab.serialization.Encoding.DER))
        return self.ask("decide", path, service, action, resource)

    def becomes(self, device, word, within_s=10.0, **question):
        """Asks until the answer is that; how long it took."""
        begun = time.monotonic()
        assert lab.eventually(lambda: self.decide(device, **question) == word, within_s), \
            f"{self.decide(device, **question)}, wanted {word}\n{self.ask('stand')}\n{self.log.read_text()}"
        return time.monotonic() - begun

    def stand(self):
        words = self.ask("stand").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def alarms(self):
        return self.log.read_text()

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0, self.alarms()


@contextlib.contextmanager
def probing(state, environment=None):
    probe = Probe(state, environment)
    try:
        yield probe
        probe.close()
    finally:
        probe.process.kill()
        probe.process.wait()


class Line:
    """A wire between a boundary and the server that can be cut: what is under way is then lost without a word."""

    def __init__(self, port):
        self.port, self.is_cut, self.pairs = port, False, []
        self.listener = lab.socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"https://localhost:{self.listener.getsockname()[1]}"

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = lab.socket.create_connection(("127.0.0.1", self.port))
                self.pairs.append((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, one, other):
        with contextlib.suppress(OSError):
            while octets := one.recv(65536):
                if not self.is_cut:
                    other.sendall(octets)
            other.shutdown(lab.socket.SHUT_WR)

    def close(self):
        self.listener.close()
        for pair in self.pairs:
            for one in pair:
                one.close()


def add_boundary(operator, name, services="mqtt", age_s=AGE_S):
    return operator.post("/boundaries", {"name": name, "services": services, "age_s": age_s}).ok()


def enrol_boundary(operator, name, folder, environment=None, server=None, **more):
    """What the printed command does; its state folder."""
    said = add_boundary(operator, name, **more)
    state = folder / name
    lab.run(lab.program("troth-gate"), "enrol", "--state", str(state), "--server", server or said["server"], "--root-sha256",
            said["root_sha256"], "--log-key", said["log_key"], "--name", name, "--token-file", "-",
            input=said["token"], env={**lab.os.environ, **(environment or {})})
    return state


def bind(operator, product, actions=("connect", "publish"), pattern="d/%device%/#", **more):
    body = {"service": "mqtt", "product": product, "actions": list(actions), **more}
    if pattern:
        body["pattern"] = pattern
    return operator.post("/bindings", body).ok()


def a_device(operator, product, serial):
    operator.add_product(product)
    device = enrol(operator.server, operator, product, serial)
    return lab.Device(operator.server, product, device.key, device.chain)


@pytest.fixture(scope="module")
def admin(shared):
    return shared.first


@pytest.fixture(scope="module")
def north(admin, tmp_path_factory):
    """A boundary that follows the feed, for what does not stop the server."""
    state = enrol_boundary(admin, "north", tmp_path_factory.mktemp("boundaries"))
    with probing(state) as probe:
        assert lab.eventually(lambda: probe.stand()["service"] > 0 and probe.stand()["status"] > 0, 75), \
            f"{probe.stand()}\n{probe.alarms()}\n{admin.server.log()[-2000:]}"
        yield probe


def test_it_admits_by_certificate_and_binding_and_nothing_else(admin, north):
    device = a_device(admin, "seventy", "SN-1")
    north.becomes(device, "binding")
    bind(admin, "seventy")
    took = north.becomes(device, "admitted")
    assert took < 3
    assert north.decide(device, action="publish", resource="d/SN-1/up") == "admitted"
    assert north.decide(device, action="publish", resource="d/SN-2/up") == "binding"
    assert north.decide(device, action="subscribe", resource="d/SN-1/#") == "binding"
    assert north.decide(device, service="other") == "service"
    stranger = lab.Device(admin.server, "seventy", device.key,
                          [lab.make_certificate(device.key, serial_number="SN-1")])
    assert north.decide(stranger) in ("issuer", "unreadable")
    assert north.stand()["age_ms"] < AGE_S * 1000


def test_each_change_of_trust_is_enforced_within_a_second(admin, north):
    device = a_device(admin, "changes", "SN-1")
    bind(admin, "changes")
    north.becomes(device, "admitted")
    admin.set("changes", "SN-1", "quarantine").ok()
    assert north.becomes(device, "suspended") < 1
    admin.set("changes", "SN-1", "readmit").ok()
    assert north.becomes(device, "admitted", 15) < 15
    key = lab.make_key()
    chain = device.enrol(lab.make_csr(key, subject=device.chain[0].subject), again=True).certificates()
    renewed = lab.Device(admin.server, "changes", key, chain[:1])
    assert north.becomes(renewed, "admitted") < 1  # pending: its first use may be here
    assert renewed.cacerts().status == 200
    assert north.becomes(device, "superseded") < 2
    admin.set("changes", "SN-1", "retire").ok()
    assert north.becomes(renewed, "invalid") < 1


def test_revocations_take_less_than_a_second(admin, north):
    admin.add_product("many")
    bind(admin, "many")
    devices = [enrol(admin.server, admin, "many", f"SN-{i}") for i in range(10)]
    for device in devices:
        north.becomes(device, "admitted")
    took = []
    for i, device in enumerate(devices):
        begun = time.monotonic()
        admin.set("many", f"SN-{i}", "retire").ok()
        north.becomes(device, "invalid")
        took.append(time.monotonic() - begun)
    assert max(took) < 1, took


def test_a_binding_that_ends_admits_nobody(admin, north):
    device = a_device(admin, "bound", "SN-1")
    binding = bind(admin, "bound")
    north.becomes(device, "admitted")
    row, = [one for one in admin.pages("/bindings") if one["product"] == "bound"]
    assert binding["dry_run"] is False
    admin.post(f"/bindings/{row['id']}/remove").ok()
    assert north.becomes(device, "binding") < 3


def test_an_admission_is_a_first_use(admin, north):
    """The successor of a certificate is proven by a use at a boundary as by one here."""
    device = a_device(admin, "proven", "SN-1")
    bind(admin, "proven")
    north.becomes(device, "admitted")
    key = lab.make_key()
    chain = device.enrol(lab.make_csr(key, subject=device.chain[0].subject), again=True).certificates()
    renewed = lab.Device(admin.server, "proven", key, chain[:1])
    north.becomes(renewed, "admitted")
    path = admin.server.scratch().with_suffix(".der")
    path.write_bytes(chain[0].public_bytes(lab.serialization.Encoding.DER))
    assert north.ask("report", path, "mqtt", ADMITTED_KIND) == "queued"
    assert lab.eventually(lambda: admin.certificate_state(chain[0]) == "current"), north.alarms()
    assert north.becomes(device, "superseded") < 2
    assert lab.eventually(lambda: north.stand()["waiting"] == 0)


def test_the_ledger_is_followed(admin, north):
    size = north.stand()["ledger"]
    admin.add_product("grows")
    assert lab.eventually(lambda: north.stand()["ledger"] > size, 20), north.alarms()
    assert north.stand()["forked"] == 0


def test_a_server_that_is_gone_leaves_what_is_known_to_the_age_limit(troth, alice, tmp_path):
    """Killed, it is decided on for the age limit and no longer, and revoked stays revoked; back, all goes on."""
    state = enrol_boundary(alice, "south", tmp_path)
    good = a_device(alice, "gone", "SN-1")
    bind(alice, "gone")
    bad = enrol(troth, alice, "gone", "SN-2")
    alice.set("gone", "SN-2", "retire").ok()
    with probing(state) as probe:
        probe.becomes(good, "admitted", 75)
        probe.becomes(bad, "invalid")
        troth.kill()
        assert probe.decide(good) == "admitted"
        assert 0.5 < probe.becomes(good, "stale", AGE_S + 5) < AGE_S + 2
        assert probe.decide(bad) == "invalid"
        assert "feed refused" in probe.alarms()
        troth.start()
        probe.becomes(good, "admitted", 75)
        assert probe.decide(bad) == "invalid"
    # Anew, without a server: nothing is known, and nobody comes in.
    troth.kill()
    with probing(state) as probe:
        assert probe.decide(good) == "no-feed"


def test_a_service_that_fails_open_admits_whom_it_knew_and_nobody_else(troth, alice, tmp_path):
    state = enrol_boundary(alice, "open", tmp_path)
    good = a_device(alice, "lax", "SN-1")
    bad = enrol(troth, alice, "lax", "SN-2")
    bind(alice, "lax")
    with probing(state) as probe:
        probe.becomes(good, "admitted", 75)
        probe.becomes(bad, "admitted")
        before = probe.stand()["service"]
        alice.post("/boundaries/open/fail-open", {"service": "mqtt"}).ok()
        alice.set("lax", "SN-2", "retire").ok()
        probe.becomes(bad, "invalid")
        assert lab.eventually(lambda: probe.stand()["service"] > before), probe.alarms()
        troth.kill()
        time.sleep(AGE_S + 1)
        assert probe.stand()["age_ms"] > AGE_S * 1000
        assert probe.decide(good) == "admitted"
        assert probe.decide(bad) == "invalid"
        assert probe.decide(good, action="publish", resource="d/SN-2/up") == "binding"


def test_a_line_that_is_cut_without_a_word_is_found_out_and_taken_up_again(admin, tmp_path):
    """Nobody closes anything; what is known is used to the age limit, and the mended line is found by itself."""
    line = Line(admin.server.ports["device"])
    with contextlib.closing(line):
        state = enrol_boundary(admin, "far", tmp_path, server=line.address)
        device = a_device(admin, "cut", "SN-1")
        bind(admin, "cut")
        with probing(state) as probe:
            probe.becomes(device, "admitted", 75)
            line.is_cut = True
            assert probe.decide(device) == "admitted"
            assert 0.5 < probe.becomes(device, "stale", AGE_S + 7)
            admin.set("cut", "SN-1", "retire").ok()
            assert probe.decide(device) == "stale"  # it cannot know
            assert probe.decide(enrol(admin.server, admin, "cut", "SN-2")) == "unknown"
            line.is_cut = False
            probe.becomes(device, "invalid", 30)


def test_a_boundary_that_was_removed_gets_nothing_more(troth, alice, tmp_path):
    state = enrol_boundary(alice, "east", tmp_path)
    device = a_device(alice, "left", "SN-1")
    bind(alice, "left")
    with probing(state) as probe:
        probe.becomes(device, "admitted", 75)
        alice.post("/boundaries/east/remove").ok()
        assert probe.becomes(device, "stale", AGE_S + 8) > 0.5
        assert "alarm E2003 feed refused" in probe.alarms(), probe.alarms()
    other = enrol_boundary(alice, "west", tmp_path)
    with probing(other) as probe:
        probe.becomes(device, "admitted", 75)


def test_an_older_floor_is_nothing_that_a_boundary_goes_behind(troth, alice, tmp_path):
    """What was enforced once is on the disk: a feed that is older is refused, also after a restart."""
    state = enrol_boundary(alice, "floor", tmp_path)
    device = a_device(alice, "down", "SN-1")
    bind(alice, "down")
    with probing(state) as probe:
        probe.becomes(device, "admitted", 75)
        known = probe.stand()["status"]
        assert lab.eventually(lambda: probe.stand()["ledger"] > 0, 30), probe.alarms()
        ledger = probe.stand()["ledger"]
    lines = dict(one.split() for one in (state / "floor").read_text().splitlines())
    assert int(lines["status"]) >= known and int(lines["ledger"]) >= ledger
    lines["status"] = str(int(lines["status"]) + 10**12)  # as if the server were of yesterday
    (state / "floor").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    with probing(state) as probe:
        assert lab.eventually(lambda: "already" in probe.alarms(), 30), probe.alarms()
        assert probe.decide(device) == "no-feed"


def signed_entries(folder):
    """How many entries the newest checkpoint there is over (C2SP tlog-checkpoint: its second line)."""
    return int((folder / "public" / "checkpoint").read_text().splitlines()[1])


def put_back(server, copy):
    """The server's folders as they were, all of them: its own signer cannot tell."""
    for name in ("data", "public"):
        shutil.rmtree(server.folder / name)
        shutil.copytree(copy / name, server.folder / name)


def test_a_forked_ledger_is_refused_and_reported(troth, alice, tmp_path):
    """A whole older copy, gone on from in another way: well signed, and found out by who holds a checkpoint."""
    state = enrol_boundary(alice, "witness", tmp_path)
    device = a_device(alice, "forked", "SN-1")
    bind(alice, "forked")
    with probing(state) as probe:
        probe.becomes(device, "admitted", 75)
    troth.stop()
    copy = tmp_path / "copy"
    for name in ("data", "public"):
        shutil.copytree(troth.folder / name, copy / name)
    troth.start()
    with probing(state) as probe:
        probe.becomes(device, "admitted", 75)
        size = signed_entries(copy)
        for i in range(3):
            alice.add_product(f"first-{i}")
        assert lab.eventually(lambda: probe.stand()["ledger"] >= size + 3, 30), probe.alarms()  # beyond what the copy has
        troth.kill()
        put_back(troth, copy)
        troth.start()
        for i in range(9):
            alice.add_product(f"second-{i}")
        assert lab.eventually(lambda: probe.stand()["forked"] == 1, 40), f"{probe.stand()}\n{probe.alarms()}"
        probe.becomes(device, "fork", AGE_S + 3)
        assert "the ledger is forked" in probe.alarms()
        generation = probe.stand()["status"]
        alice.set("forked", "SN-1", "retire").ok()
        time.sleep(2)
        assert probe.stand()["status"] == generation and probe.decide(device) == "fork"
    with probing(state) as probe:  # nor by a start anew: the checkpoint is on the disk
        assert lab.eventually(lambda: probe.stand()["forked"] == 1, 40), f"{probe.stand()}\n{probe.alarms()}"


def test_it_renews_itself_and_goes_on(faulty, tmp_path):
    """At two thirds of its certificate's life, with the same key; nobody notices."""
    alice = faulty.bootstrap()
    with alice:
        state = enrol_boundary(alice, "old", tmp_path, faulty.environment)
        before = (state / "certificate.pem").read_text()
        key = (state / "key.pem").read_bytes()
        alice.add_product("years")
        bind(alice, "years")
        device = enrol(faulty, alice, "years", "SN-1")
        jump(faulty, alice, 75)
        with probing(state, faulty.environment) as probe:
            assert lab.eventually(lambda: (state / "certificate.pem").read_text() != before, 30), probe.alarms()
            assert lab.eventually(lambda: probe.stand()["status"] > 0 and 0 <= probe.stand()["age_ms"] < 8000, 75), \
                f"{probe.stand()}\n{probe.alarms()}"
            probe.becomes(device, "admitted")
        assert (state / "key.pem").read_bytes() == key
