"""Status lists as anybody reads them: a CWT of Token Status List by Debian's cbor2 and zlib, the signature by the
log's key that is published, the index from the serial number."""

import base64
import hashlib
import time
import zlib

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import lab
from test_33_grace import jump, late, renew

assert late  # a fixture

VALID, INVALID, SUSPENDED, SUPERSEDED = range(4)
ROUND_S = 75  # a list is made at most once a minute


def log_key(server):
    """The point of the log's ES256 key, from its verifier key (C2SP signed-note, type 0xff), and its id."""
    key = (server.folder / "public" / "checkpoint-keys").read_text().splitlines()[1]
    _, key_id, typed = key.split("+", 2)
    point = base64.b64decode(typed)[-65:]
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point), bytes.fromhex(key_id)


def open_sign1(server, octets, media_type):
    """The payload of a COSE_Sign1, once its signature is found good (RFC 9052 4.4)."""
    message = cbor2.loads(octets)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected) == {1: -7, 16: media_type}
    key, key_id = log_key(server)
    assert unprotected == {4: key_id}
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(utils.encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
    return cbor2.loads(payload)


def place(leaf):
    """Class and number: how a serial of ours ends."""
    octets = leaf.serial_number.to_bytes(16, "big")
    return octets[11], int.from_bytes(octets[12:], "big")


class List:
    def __init__(self, server, name):
        answer = server.plain(f"/status/{name}")
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/statuslist+cwt"
        assert answer.headers["cache-control"] == "public, max-age=60"
        self.octets = answer.body
        claims = open_sign1(server, answer.body, "application/statuslist+cwt")
        assert claims[2].endswith(f"/status/{name}")
        assert claims[6] <= time.time() + 400 * 86400 and claims[4] - claims[6] == 7 * 86400
        assert claims[65533]["bits"] == 2
        self.issued_s = claims[6]
        self.octets_of_list = zlib.decompress(claims[65533]["lst"])
        self.generation, *self.space, self.high = claims[-70001]
        assert len(self.octets_of_list) == (self.high + 3) // 4

    def status(self, index):
        assert index < self.high
        return self.octets_of_list[index // 4] >> index % 4 * 2 & 3


def catalogue(server):
    answer = server.plain("/status/catalogue.cose")
    if answer.status == 404:
        return None
    assert answer.headers["content-type"] == "application/cose"
    return open_sign1(server, answer.body, "application/troth-status-catalogue+cose")


def after(server, generation=0, within_s=20):
    """The first catalogue above this generation."""
    assert lab.eventually(lambda: (catalogue(server) or [0, 0])[1] > generation, within_s)
    return catalogue(server)


def list_of(server, leaf, issuer):
    number_class, number = place(leaf)
    return List(server, f"{issuer}-{number_class}-{number >> 20}.cwt"), number & 0xfffff


def status_of(server, leaf, issuer):
    found, index = list_of(server, leaf, issuer)
    return found.status(index)


def issuer_of(leaf):
    """Its number: CRLDP ends in ISSUER-CLASS-PART.crl."""
    point = leaf.extensions.get_extension_for_class(lab.x509.CRLDistributionPoints).value[0]
    return int(point.full_name[0].value.rsplit("/", 1)[1].split("-")[0])


class Board:
    """A device that has libtroth-verify, zlib and the log's key, and nothing else (probe/status_probe.c)."""

    def __init__(self, server, folder):
        self.path = folder / "list.cwt"
        self.point = self.point_of(log_key(server)[0])

    @staticmethod
    def point_of(key):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    def ask(self, octets, space, *, now_s=None, known=0, point=None):
        """Verdict, the list's generation, and the time that the device takes to be over."""
        self.path.write_bytes(octets)
        now_s = int(time.time()) if now_s is None else now_s
        said = lab.run(lab.program("tests/scenario/probe/status-probe"), point or self.point, str(self.path),
                       *map(str, space), str(now_s), str(known)).stdout.split()
        return said[0], int(said[1]), int(said[2])

    def verdict(self, octets, space, **options):
        return self.ask(octets, space, **options)[0]


def sealed_by(key, octets):
    """The same list, signed by another key."""
    message = cbor2.loads(octets)
    protected, unprotected, payload, _ = message.value
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, payload, raw]))


def enrol(server, alice, product, serial, registered=None):
    key = registered or lab.make_key()
    alice.import_devices(product, {serial: key}, owner="acme")
    leaf = lab.Device(server, product).enrol(lab.make_csr(key, serial)).certificates()[0]
    device = lab.Device(server, product, key, [leaf])
    assert device.cacerts().status == 200
    return device, leaf


def test_what_becomes_of_certificates_is_in_the_next_list(troth, alice):
    alice.add_product("pump")
    first = after(troth)
    leaves = {name: enrol(troth, alice, "pump", name) for name in ("good", "gone", "held", "lost", "renewed")}
    assert lab.eventually(lambda: alice.show("pump", "renewed")["device"]["state"] == "active")
    alice.set("pump", "gone", "revoke").ok()
    alice.set("pump", "held", "quarantine").ok()
    alice.set("pump", "lost", "lost").ok()
    device, old = leaves["renewed"]
    fresh = lab.make_key()
    new = renew(device, fresh).certificates()[0]
    assert lab.Device(troth, "pump", fresh, [new]).cacerts().status == 200

    issuer = issuer_of(old)
    begun = time.monotonic()
    second = after(troth, first[1], ROUND_S)
    wanted = {"good": VALID, "gone": INVALID, "held": SUSPENDED, "renewed": SUPERSEDED}
    assert {name: status_of(troth, leaves[name][1], issuer) for name in wanted} == wanted
    assert status_of(troth, leaves["lost"][1], issuer) == INVALID
    found, index = list_of(troth, new, issuer)
    assert found.status(index) == VALID and found.high == index + 1  # nothing that was never given
    assert found.generation == second[1]

    # What is taken back is valid again, and a restart says the same by the rows alone.
    alice.set("pump", "held", "readmit").ok()
    before = found.octets_of_list
    troth.stop()
    troth.start()
    third = after(troth, second[1])
    found, _ = list_of(troth, new, issuer)
    assert status_of(troth, leaves["held"][1], issuer) == VALID
    changed = [i for i in range(found.high)
               if found.status(i) != before[i // 4] >> i % 4 * 2 & 3]
    assert changed == [place(leaves["held"][1])[1]]
    assert third[1] > second[1] and time.monotonic() - begun < 2 * ROUND_S


def test_a_device_reads_a_list_with_the_library(troth, alice, tmp_path):
    alice.add_product("pump")
    first = after(troth)
    leaves = {name: enrol(troth, alice, "pump", name)[1] for name in ("good", "gone", "held", "lost")}
    assert lab.eventually(lambda: alice.show("pump", "good")["device"]["state"] == "active")
    alice.set("pump", "gone", "revoke").ok()
    alice.set("pump", "held", "quarantine").ok()
    alice.set("pump", "lost", "lost").ok()
    after(troth, first[1], ROUND_S)
    board, issuer = Board(troth, tmp_path), issuer_of(leaves["good"])
    found, _ = list_of(troth, leaves["good"], issuer)
    spaces = {name: (issuer, *place(leaf)) for name, leaf in leaves.items()}
    assert {name: board.verdict(found.octets, space) for name, space in spaces.items()} == {
        "good": "VALID", "gone": "REVOKED", "held": "SUSPENDED", "lost": "REVOKED"}

    # What else it has to say of a list that was signed.
    of, number = spaces["good"][1:]
    assert board.ask(found.octets, spaces["good"]) == ("VALID", found.generation, found.issued_s)
    assert board.verdict(found.octets, (issuer, of, found.high)) == "MISSING"
    assert board.verdict(found.octets, (issuer, of + 1, number)) == "MISSING"
    assert board.verdict(found.octets, (issuer + 1, of, number)) == "MISSING"
    assert board.verdict(found.octets, spaces["good"], known=found.generation + 1) == "OLDER_SEQUENCE"
    assert board.verdict(found.octets, spaces["good"], now_s=0) == "TIME_UNKNOWN"
    assert board.verdict(found.octets, spaces["good"], now_s=found.issued_s + 8 * 86400) == "NOT_NOW"

    # And of what the server did not sign: nothing of it counts, its time neither.
    stranger = ec.generate_private_key(ec.SECP256R1())
    forged = sealed_by(stranger, found.octets)
    assert board.ask(forged, spaces["good"]) == ("BAD_SIGNATURE", 0, 0)
    assert board.verdict(forged, spaces["good"], point=Board.point_of(stranger.public_key())) == "VALID"
    assert board.verdict(found.octets, spaces["good"], point=Board.point_of(stranger.public_key())) == "BAD_SIGNATURE"
    key_id = log_key(troth)[1]
    hint = found.octets.index(key_id)
    for i in range(len(found.octets)):
        flipped = bytearray(found.octets)
        flipped[i] ^= 1 << i % 8
        verdict, generation, floor_s = board.ask(flipped, spaces["good"])
        if hint <= i < hint + len(key_id):  # the only octets that nobody signs
            assert verdict == "VALID", i
        else:
            assert verdict in ("BAD_SIGNATURE", "MALFORMED") and (generation, floor_s) == (0, 0), i
    assert board.verdict(found.octets[:-1], spaces["good"]) == "MALFORMED"


def test_the_catalogue_names_every_list_by_its_hash(troth, alice):
    alice.add_product("pump")
    first = after(troth)
    enrol(troth, alice, "pump", "one")
    troth.stop()
    troth.start()
    lists = after(troth, first[1])[3]
    names = {path.name for path in (troth.folder / "public" / "status").glob("*.cwt")}
    assert {f"{issuer}-{of}-{shard}.cwt" for issuer, of, shard, _ in lists} == names
    assert lists == sorted(lists) and len(lists) >= 2  # listeners' and operators' certificates, devices'
    for issuer, of, shard, digest in lists:
        found = List(troth, f"{issuer}-{of}-{shard}.cwt")
        assert hashlib.sha256(found.octets).digest() == digest
        assert found.space == [issuer, of, shard]


def test_a_list_that_was_changed_is_not_signed(troth, alice):
    assert alice
    name = next(iter(after(troth)[3]))
    path = troth.folder / "public" / "status" / f"{name[0]}-{name[1]}-{name[2]}.cwt"
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    with pytest.raises((InvalidSignature, AssertionError, cbor2.CBORDecodeError)):
        List(troth, path.name)


def test_generations_rise_over_restarts(troth):
    last = 0
    for end in (troth.stop, troth.kill, troth.kill, troth.stop):
        found = after(troth, last)
        assert found[1] > last
        last = found[1]
        end()
        troth.start()


@pytest.mark.skipif(lab.SANITIZED, reason="it waits for a minute, and runs in the other build")
def test_a_list_is_made_again_before_it_ends_although_nothing_changed(late):
    server, alice = late
    alice.add_product("meter")
    _, leaf = enrol(server, alice, "meter", "one")
    first = after(server)
    server.stop()
    server.start()
    second = after(server, first[1])
    before, _ = list_of(server, leaf, issuer_of(leaf))
    alice.__enter__()  # the connection that she kept ended with the server
    jump(server, alice, 4)
    after(server, second[1], ROUND_S)
    now, _ = list_of(server, leaf, issuer_of(leaf))
    assert now.generation > before.generation and now.issued_s >= before.issued_s + 4 * 86400
    assert (now.octets_of_list, now.high) == (before.octets_of_list, before.high)


def test_names_of_no_list_are_not_found(troth):
    for path in ("/status/", "/status/1-2-3.cwt", "/status/..%2Fcheckpoint.cwt", "/status/catalogue.cose.cwt",
                 "/status/x/y.cwt", "/status/catalogue.crl"):
        assert troth.plain(path).status in (400, 404), path
