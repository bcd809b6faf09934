"""A boundary in virtual time: its machine sleeps for a week, and the root above its certificate is followed by another."""

import os
import pathlib
import signal

import pytest

import doors
import lab
from test_33_grace import DAY_S, enrol, jump
from test_36_rollover import Roots, load, operator_of_new_issuer
from test_77_boundary_library import Probe, bind, enrol_boundary, probing

REVOKED = 40 if lab.SANITIZED else 200
AGE_S = 600


@pytest.fixture
def late(faulty):
    """The server, and its operator."""
    return faulty, faulty.bootstrap()


def memory_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


class Counting(doors.Wire):
    """How many connections were made, how often the boundary spoke (a request, or its part of a handshake), and how many
    octets came to it."""

    def __init__(self, to_port):
        super().__init__(to_port)
        self.connections = self.spoken = self.octets = 0

    def _take(self):
        self.connections += 1
        super()._take()

    def carry(self, one, other, octets):
        is_answer = one.getpeername()[1] == self.to_port
        self.octets += len(octets) if is_answer else 0
        self.spoken += not is_answer
        return super().carry(one, other, octets)


def test_a_boundary_that_slept_for_a_week_admits_nobody_until_it_has_caught_up(late, tmp_path):
    """It wakes without a network: what it knows is a week old by a clock that counts sleep, whatever it did not hear of.
    Then one catalogue and its list say all that happened."""
    server, alice = late
    control = type(server.control).at(tmp_path / "its-control")
    its = {**server.environment, "TROTH_FAULT_CONTROL": str(tmp_path / "its-control")}
    with alice, Counting(server.ports["device"]) as wire:
        state = enrol_boundary(alice, "sleeper", tmp_path, its, f"https://localhost:{wire.port}", age_s=AGE_S)
        for product in ("pump", "valve"):
            alice.add_product(product)
            bind(alice, product)
        good = enrol(server, alice, "valve", "good")
        keys = {f"d{n}": lab.make_key() for n in range(REVOKED)}
        alice.import_devices("pump", keys)
        with lab.Device(server, "pump") as road:
            leaves = [road.enrol(lab.make_csr(key)).certificates() for key in keys.values()]
        gone = [lab.Device(server, "pump", key, leaf) for key, leaf in zip(keys.values(), leaves)]
        with probing(state, its) as probe:
            for device in (good, gone[0], gone[-1]):
                probe.becomes(device, "admitted", 75)
            generation, kept_kb = probe.stand()["status"], memory_kb(probe.process.pid)
            front_kb = max(map(memory_kb, server.children_of("front")))
            os.kill(probe.process.pid, signal.SIGSTOP)
            wire.cut()
            alice.post("/bulks", {"verb": "revoke", "product": "pump"}).ok()
            doors.sure(lambda: all(alice.certificate_state(one.chain[0]) == "revoked" for one in gone[-3:]), 30)
            server.kill()
            server.start()  # no delta leads on from what it has
            alice._kept = alice.connection()
            assert alice.get("/status").status == 200
            jump(server, alice, 7)
            newer = enrol(server, alice, "valve", "newer")
            control.slept_s += 7 * DAY_S
            os.kill(probe.process.pid, signal.SIGCONT)
            assert probe.decide(good) == "stale"
            assert probe.decide(gone[0]) == "stale"
            wire.octets = wire.connections = wire.spoken = 0
            wire.mend()
            probe.becomes(good, "admitted", 30)
            print(f"a week in {wire.connections} connections, {wire.spoken} messages, {wire.octets} octets")
            assert wire.connections <= 4 and wire.spoken <= 20 and wire.octets < 65536
            assert {probe.decide(device) for device in gone} == {"invalid"}
            probe.becomes(newer, "admitted", 20)
            assert probe.stand()["status"] > generation and probe.stand()["shards"] < 10
            if not lab.SANITIZED:  # which keeps what was freed
                assert memory_kb(probe.process.pid) < kept_kb + 4096
                assert max(map(memory_kb, server.children_of("front"))) < front_kb + 8192


def roll(server, alice):
    """A root that follows; who needs a time that is not his own is forgiven."""
    roots = Roots(server, alice)
    roots.add().ok()
    return roots


def test_a_boundary_follows_the_root_and_keeps_its_feed_when_the_old_one_retires(late, tmp_path):
    server, alice = late
    state = enrol_boundary(alice, "rooted", tmp_path, server.environment, age_s=AGE_S)
    alice.add_product("pump")
    bind(alice, "pump")
    roots = roll(server, alice)
    roots.follow()
    device = enrol(server, alice, "pump", "one")
    with operator_of_new_issuer(roots) as operator:
        with probing(state, server.environment) as probe:
            probe.becomes(device, "admitted", 75)  # through the link, by the old root
            assert load(state / "root.pem") == load(roots.old)
            problem = operator.post("/issuers/4/retire").problem(403, "E4014")
            assert "1 boundaries" in problem["detail"]
            assert operator.get("/issuers/4").ok()["boundaries"] == 1
            jump(server, operator, 75)
        with probing(state, server.environment) as probe:
            doors.sure(lambda: load(state / "root.pem") == load(roots.new), 30)
            probe.becomes(device, "admitted", 75)
            doors.sure(lambda: operator.get("/issuers/4").ok()["boundaries"] == 0)
            for number in (2, 3, 4, 1):
                operator.post(f"/issuers/{number}/retire").ok()
            operator.set("pump", "one", "revoke").ok()
            probe.becomes(device, "invalid", 15)
        with probing(state, server.environment) as probe:  # by the new root alone
            probe.becomes(device, "invalid", 75)


def test_a_boundary_renews_while_its_issuer_is_below_the_root_that_was(late, tmp_path):
    """The new root is there and no issuer below it yet: the link leads from the one to the other."""
    server, alice = late
    state = enrol_boundary(alice, "between", tmp_path, server.environment, age_s=AGE_S)
    roots = roll(server, alice)
    before = (state / "certificate.pem").read_text()
    with alice:
        assert alice.get("/status").status == 200
        jump(server, alice, 75)
        with probing(state, server.environment) as probe:
            doors.sure(lambda: (state / "certificate.pem").read_text() != before, 30)
            assert load(state / "root.pem") == load(roots.new)
            doors.sure(lambda: probe.stand()["status"] > 0 and 0 <= probe.stand()["age_ms"] < 8000, 75)
            assert "was not renewed" not in probe.alarms()


def test_a_boundary_that_is_killed_while_it_renews_comes_back(late, tmp_path):
    """kill -9 again and again from its start on, when the first thing that it does is to renew: whatever was on the disk
    by then, it has a certificate that counts, and the same key."""
    server, alice = late
    state = enrol_boundary(alice, "killed", tmp_path, server.environment, age_s=AGE_S)
    key, before = (state / "key.pem").read_bytes(), (state / "certificate.pem").read_text()
    with alice:
        assert alice.get("/status").status == 200
        jump(server, alice, 75)
        for n in range(8):
            probe = Probe(state, server.environment)
            lab.time.sleep(0.01 * n * n)
            probe.process.kill()
            probe.process.wait()
            probe.process.stdin.close()
        with probing(state, server.environment) as probe:
            doors.sure(lambda: (state / "certificate.pem").read_text() != before, 75)
            doors.sure(lambda: probe.stand()["status"] > 0 and 0 <= probe.stand()["age_ms"] < 8000, 75)
        with probing(state, server.environment) as probe:  # by what it has on the disk
            doors.sure(lambda: probe.stand()["status"] > 0, 30)
        assert (state / "key.pem").read_bytes() == key
