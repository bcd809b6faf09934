"""The wire between a boundary and its server is cut after each message of a connection and within each, both ways, and an
octet of it is another: what did not come whole is refused, what is known stays as it is, and the next connection catches
up. Also an enrolment that is cut anywhere."""

import shlex

import pytest

import doors
import lab
from test_77_boundary_library import a_device, add_boundary, bind, enrol_boundary, probing

SERVER, BOUNDARY = "to the server", "to the boundary"


class Scissors(doors.Wire):
    """Each connection ends after so many octets one way, or has one octet there that is another."""

    def __init__(self, to_port):
        super().__init__(to_port)
        self.at = None  # (way, octets)
        self.is_flip = False
        self.struck = 0
        self.came = {}  # of the connections that are there: octets, and where messages ended
        self.last = {SERVER: [], BOUNDARY: []}

    def carry(self, one, other, octets):
        way = BOUNDARY if one.getpeername()[1] == self.to_port else SERVER
        ends = self.came.setdefault(one, [])
        begin = ends[-1] if ends else 0
        ends.append(begin + len(octets))
        self.last[way] = ends
        if self.at is None or self.at[0] != way or not begin <= self.at[1] < ends[-1]:
            return super().carry(one, other, octets)
        self.struck += 1
        here = self.at[1] - begin
        if self.is_flip:
            return super().carry(one, other, octets[:here] + bytes([octets[here] ^ 1]) + octets[here + 1:])
        super().carry(one, other, octets[:here])
        return False

    def strike(self, way, octets, is_flip=False):
        """From the next connection on, which is made now."""
        self.cut()
        self.came.clear()
        self.at, self.is_flip, self.struck = (way, octets), is_flip, 0
        self.mend()

    def spare(self):
        self.at = None


@pytest.fixture(scope="module")
def admin(shared):
    return shared.first


@pytest.fixture(scope="module")
def far(admin, tmp_path_factory):
    """A boundary behind scissors."""
    with Scissors(admin.server.ports["device"]) as wire:
        state = enrol_boundary(admin, "far", tmp_path_factory.mktemp("far"), age_s=3600,
                               server=f"https://localhost:{wire.port}")
        good = a_device(admin, "wired", "good")
        bind(admin, "wired")
        with probing(state) as probe:
            probe.wire, probe.good = wire, good
            probe.becomes(probe.good, "admitted", 75)
            yield probe


def learn(wire, probe):
    """Where messages of a connection of the feed end, each way: handshake, poll, answer, poll."""
    wire.cut()
    wire.came.clear()
    wire.mend()
    refused = probe.stand()["refused"]
    doors.sure(lambda: min(len(ends) for ends in wire.last.values()) > 3, 30)
    assert probe.stand()["refused"] >= refused
    return {way: list(ends[:5]) for way, ends in wire.last.items()}


def points(wire, probe):
    """Within each message, and before the first octet of the next."""
    for way, ends in learn(wire, probe).items():
        for begin, end in zip([0, *ends], ends):
            yield from ((way, begin), (way, (begin + end) // 2), (way, end - 1))


def test_it_is_cut_at_each_message_and_catches_up(admin, far):
    product, revoked, struck = "wired", [], 0
    for n, (way, octets) in enumerate(sorted(set(points(far.wire, far)))):
        device = lab.Device(admin.server, product)
        key = lab.make_key()
        admin.import_devices(product, {f"d{n}": key})
        device = lab.Device(admin.server, product, key, device.enrol(lab.make_csr(key)).certificates())
        far.becomes(device, "admitted", 20)
        far.wire.strike(way, octets)
        entry = admin.set(product, f"d{n}", "revoke").ok()["entry"]
        struck += bool(lab.eventually(lambda: far.wire.struck, 6))
        assert far.decide(far.good) == "admitted", (way, octets)
        assert all(far.decide(one) == "invalid" for one in revoked), (way, octets)
        far.wire.spare()
        far.becomes(device, "invalid", 20)
        revoked.append(device)
        enforced = lambda number=entry: admin.get(f"/cutoffs/{number}").ok()["boundaries"][0]["state"] == "enforced"
        doors.sure(enforced, 20)  # and the server knows
    print(f"{struck} of {len(revoked)} cuts fell")
    assert struck > len(revoked) / 2 and struck > 10
    assert far.decide(far.good) == "admitted"


def test_an_octet_that_is_another_is_refused(admin, far):
    ends = learn(far.wire, far)[BOUNDARY]
    for n, octets in enumerate([0, 7, ends[0] // 2, ends[0] - 1, ends[1] - 1, ends[2] - 1, ends[3] - 1]):
        device = a_device(admin, f"flip-{n}", "one")
        bind(admin, f"flip-{n}")
        far.becomes(device, "admitted", 20)
        refused = far.stand()["refused"]
        far.wire.strike(BOUNDARY, octets, is_flip=True)
        admin.set(f"flip-{n}", "one", "revoke").ok()
        # Behind the handshake libcurl asks again by itself, on another connection: no poll is refused then.
        is_seen = lambda at=octets, before=refused: far.wire.struck and (at >= ends[0] or far.stand()["refused"] > before)
        doors.sure(is_seen, 20)
        assert far.decide(far.good) == "admitted"
        far.wire.spare()
        far.becomes(device, "invalid", 20)


def test_an_enrolment_that_is_cut_anywhere_is_ended_by_the_same_command(admin, tmp_path):
    """One token is enough: who was cut comes again with the same key."""
    with Scissors(admin.server.ports["device"]) as wire:
        said = add_boundary(admin, "cut-early")
        state = tmp_path / "state"
        words = [lab.program("troth-gate"), "enrol", "--state", str(state), "--server",
                 f"https://localhost:{wire.port}", "--root-sha256", said["root_sha256"], "--log-key", said["log_key"],
                 "--name", "cut-early", "--token-file", "-"]
        keys = set()
        for way, octets in [(SERVER, 0), (BOUNDARY, 0), (BOUNDARY, 700), (SERVER, 600), (SERVER, 1000), (BOUNDARY, 2500),
                            (BOUNDARY, 4000), (BOUNDARY, 4800)]:
            wire.strike(way, octets)
            done = lab.run(*words, check=False, input=said["token"])
            assert (done.returncode != 0) == (wire.struck > 0), (way, octets, done.stderr)
            assert done.returncode == 0 or "localhost" in done.stderr, done.stderr
            keys |= {(state / "key.pem").read_bytes()} if (state / "key.pem").exists() else set()
            print(way, octets, done.returncode, shlex.quote(done.stderr.strip()[:100]))
        wire.spare()
        lab.run(*words, input=said["token"])
        keys.add((state / "key.pem").read_bytes())
        assert len(keys) == 1
        with probing(state) as probe:
            doors.sure(lambda: probe.stand()["service"] > 0, 30)
    named = [one for one in admin.pages("/boundaries") if one["name"] == "cut-early"]
    assert len(named) == 1
