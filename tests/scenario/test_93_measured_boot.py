"""Measured boot worked out again from its description, with the libraries of others: hmac of Python, EC and ChaCha20-Poly1305
of cryptography (OpenSSL), CBOR of cbor2."""

import hashlib
import hmac
import json
import subprocess

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import lab

SECRET = bytes(range(100, 132))
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FLOOR_MAX, FLOOR, MODE = 1024, 1, 1
MEASURED, BOOT = -70000, -70001


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def derive(secret, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def key_of(secret):
    number = int.from_bytes(derive(secret, b"\x01", b"troth key"), "big")
    assert 0 < number < ORDER
    return ec.derive_private_key(number, ec.SECP256R1())


def point_of(key):
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def scalar_of(key):
    return key.private_numbers().private_value


def sign(key, message):
    """RFC 6979 3.2 with SHA-256."""
    h = int.from_bytes(sha256(message), "big") % ORDER
    seed = scalar_of(key).to_bytes(32, "big") + h.to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32
    for octet in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + octet + seed, "sha256")
        v = hmac.digest(k, v, "sha256")
    v = hmac.digest(k, v, "sha256")
    nonce = int.from_bytes(v, "big")
    r = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers().x % ORDER
    s = pow(nonce, -1, ORDER) * (h + r * scalar_of(key)) % ORDER
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def open_signed(octets, key, kind):
    """The payload of a COSE_Sign1, whose signature is that of OpenSSL and the one that RFC 6979 wants."""
    message = cbor2.loads(octets)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected) == {1: -7, 16: kind}
    assert unprotected == {4: sha256(point_of(key))[:8]}
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    key.public_key().verify(utils.encode_dss_signature(*(int.from_bytes(half, "big") for half in
                                                         (signature[:32], signature[32:]))),
                            signed, ec.ECDSA(hashes.SHA256()))
    assert signature == sign(key, signed)
    claims = cbor2.loads(payload)
    assert cbor2.dumps(claims, canonical=True) == payload
    return claims


@pytest.fixture(scope="module", name="told")
def fixture_told():
    done = subprocess.run([lab.program("tests/scenario/probe/dice-probe"), SECRET.hex()], capture_output=True, text=True,
                          check=True)
    return [{name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in row.items()}
            for row in json.loads(done.stdout)]


def device_key():
    return key_of(derive(SECRET, b"", b"troth device"))


def alias_key(measured):
    return key_of(derive(SECRET, sha256(cbor2.dumps(measured, canonical=True)), b"troth attestation"))


def sealing_of(row, floor):
    sealing = derive(SECRET, sha256(sha256(row["first_keys"]), row["vendor"], row["class"], bytes([MODE])), b"troth sealing")
    for _ in range(FLOOR_MAX - floor):
        sealing = sha256(b"troth floor", sealing)
    return sealing


def test_the_certificate_is_the_devices_over_what_was_started(told):
    for row in told:
        assert row["device_point"] == point_of(device_key())
        claims = open_signed(row["certificate"], device_key(), "application/troth-alias+cwt")
        measured = claims[MEASURED]
        assert measured[1] == row["digest"] and measured[6] == FLOOR
        assert (measured[7], measured[8], measured[9]) == (row["vendor"], row["class"], MODE)
        assert measured[10] == sha256(row["first_keys"])
        key = alias_key(measured)
        assert row["alias"] == scalar_of(key).to_bytes(32, "big")
        point = point_of(key)
        assert claims[8] == {1: {1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}}


def test_evidence_is_the_aliass_over_the_nonce_and_the_same(told):
    for row in told:
        certified = open_signed(row["certificate"], device_key(), "application/troth-alias+cwt")
        claims = open_signed(row["evidence"], alias_key(certified[MEASURED]), "application/eat+cwt")
        assert claims == {10: b"nonce-of-16-octs", MEASURED: certified[MEASURED],
                          BOOT: {1: int(row["trial"]), 2: row["trial"], 3: 0x3CA5, 4: 0x3CA5 if row["trial"] else 0}}


def test_what_is_sealed_opens_by_the_description(told):
    for row in told:
        sealing = sealing_of(row, FLOOR)
        assert row["sealing"] == sealing
        head, text = row["sealed"][:37], row["sealed"][37:]
        assert head[:5] == bytes([1, 0, 0, 0, FLOOR])
        assert head[5:] == hmac.digest(derive(sealing, b"", b"troth name"), b"sealed", "sha256")
        opened = ChaCha20Poly1305(derive(sealing, head[5:], b"troth text")).decrypt(bytes(12), text, head)
        assert opened == b"sealed"


def test_an_update_keeps_sealing_and_changes_the_alias(told):
    old, new = told
    assert not old["trial"] and new["trial"] and old["digest"] != new["digest"]
    assert old["sealing"] == new["sealing"] and old["sealed"] == new["sealed"]
    assert old["alias"] != new["alias"]
