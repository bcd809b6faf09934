"""Measured boot worked out from its description (device/boot/include/boot/dice.h) with the libraries of others: hmac of
Python, EC and ChaCha20-Poly1305 of cryptography (OpenSSL), CBOR of cbor2."""

import hashlib
import hmac

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FLOOR_MAX, MODE = 1024, 1
ALIAS, EVIDENCE = "application/troth-alias+cwt", "application/eat+cwt"
CONFIRMATION, NONCE, MEASURED, BOOT = 8, 10, -70000, -70001


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


def nonce_of(scalar, digest):
    """RFC 6979 3.2 with SHA-256: the first candidate."""
    h = int.from_bytes(digest, "big") % ORDER
    seed = scalar.to_bytes(32, "big") + h.to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32
    for octet in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + octet + seed, "sha256")
        v = hmac.digest(k, v, "sha256")
    return int.from_bytes(hmac.digest(k, v, "sha256"), "big")


def sign(scalar, digest):
    nonce, h = nonce_of(scalar, digest), int.from_bytes(digest, "big")
    r = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers().x % ORDER
    s = pow(nonce, -1, ORDER) * (h + r * scalar) % ORDER
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
    assert signature == sign(scalar_of(key), sha256(signed))
    claims = cbor2.loads(payload)
    assert cbor2.dumps(claims, canonical=True) == payload
    return claims


def device_key(secret):
    return key_of(derive(secret, b"", b"troth device"))


def attestation_of(secret, measured):
    return derive(secret, sha256(cbor2.dumps(measured, canonical=True)), b"troth attestation")


def alias_key(secret, measured):
    return key_of(attestation_of(secret, measured))


def cose_key_of(key):
    point = point_of(key)
    return {1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}


def sealings(secret, first_keys, vendor, class_id):
    """The sealing secret of each floor, from the highest down to 0."""
    sealing = derive(secret, sha256(sha256(first_keys), vendor, class_id, bytes([MODE])), b"troth sealing")
    yield sealing
    for _ in range(FLOOR_MAX):
        sealing = sha256(b"troth floor", sealing)
        yield sealing


def open_sealed(sealing, sealed):
    head, text = sealed[:37], sealed[37:]
    opened = ChaCha20Poly1305(derive(sealing, head[5:], b"troth text")).decrypt(bytes(12), text, head)
    assert head[5:] == hmac.digest(derive(sealing, b"", b"troth name"), opened, "sha256")
    return opened
