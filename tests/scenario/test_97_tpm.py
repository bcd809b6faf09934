"""A secret that one TPM alone opens (MakeCredential and ActivateCredential of TPM 2.0): what core seals is opened by a
real TPM (swtpm), and is field by field of the form that tpm2_makecredential gives it."""

import os
import struct
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import lab
import tpm

SECRET = bytes(range(0x40, 0x60))
NAME = bytes.fromhex("000b") + bytes(range(32))
STORAGE_ATTRIBUTES = 0x000300b2  # of the TCG's templates for endorsement keys
POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    one = tpm.Tpm(tmp_path_factory.mktemp("tpm") / "one")
    try:
        one.make_ek_p256()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def ak(device):
    return device.make_ak(tpm.EK_RSA)


def seal(ek, name, secret=SECRET):
    """What core sends: TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET."""
    done = subprocess.run([lab.program("tests/scenario/probe/credential-probe")], capture_output=True, text=True, check=True,
                          timeout=60, input=f"{ek.hex()} {name.hex()} {secret.hex()}\n")
    return bytes.fromhex(done.stdout)


def activate(device, ek, ak, credential):
    return device.activate(ek, ak, credential, with_policy=ek != tpm.EK_P384)  # that one's own password, which is empty


EKS = pytest.mark.parametrize("ek", [tpm.EK_RSA, tpm.EK_P256, tpm.EK_P384], ids=["rsa-2048", "p-256", "p-384"])


@EKS
def test_a_tpm_opens_what_core_seals_to_it(device, ak, ek):
    name = device.public(ak)[1]
    for secret in (SECRET, b"\x07", os.urandom(16)):
        assert activate(device, ek, ak, seal(device.public(ek)[0], name, secret)) == secret


def test_a_tpm_opens_it_for_an_attestation_key_of_another_kind(device):
    rsassa = device.make_ak(tpm.EK_P256, ("rsa", "rsassa"))
    credential = seal(device.public(tpm.EK_P256)[0], device.public(rsassa)[1])
    assert activate(device, tpm.EK_P256, rsassa, credential) == SECRET


def test_attack_another_key_of_the_same_tpm_takes_its_place(device, ak):
    other = device.make_ak(tpm.EK_RSA)
    credential = seal(device.public(tpm.EK_RSA)[0], device.public(ak)[1])
    assert activate(device, tpm.EK_RSA, other, credential) is None
    assert activate(device, tpm.EK_RSA, ak, credential) == SECRET


def test_attack_another_tpm_tries_to_open_it(device, ak, tmp_path):
    other = tpm.Tpm(tmp_path / "other")
    try:
        others_ak = other.make_ak(tpm.EK_RSA)
        credential = seal(device.public(tpm.EK_RSA)[0], other.public(others_ak)[1])
        assert activate(other, tpm.EK_RSA, others_ak, credential) is None
        credential = seal(other.public(tpm.EK_RSA)[0], other.public(others_ak)[1])
        assert activate(other, tpm.EK_RSA, others_ak, credential) == SECRET
    finally:
        other.stop()


@EKS
def test_attack_one_bit_of_it_is_changed(device, ak, ek):
    credential = seal(device.public(ek)[0], device.public(ak)[1])
    id_object_n = 2 + struct.unpack(">H", credential[:2])[0]
    digest_n = struct.unpack(">H", credential[2:4])[0]
    for at in (4, 3 + digest_n, 4 + digest_n, id_object_n - 1, id_object_n + 8, len(credential) - 1):
        changed = bytearray(credential)
        changed[at] ^= 1
        assert activate(device, ek, ak, bytes(changed)) is None, at
    assert activate(device, ek, ak, credential) == SECRET


# ---- beside tpm2_makecredential, opened with a key that is here -------------------------------------------------------


def derive_a(key, label, context, bits):
    """KDFa of part 1, for no more bits than a digest has."""
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(struct.pack(">I", 1) + label + b"\0" + context + struct.pack(">I", bits))
    return mac.finalize()[:bits // 8]


def take(octets):
    n = struct.unpack(">H", octets[:2])[0]
    assert len(octets) >= 2 + n
    return octets[2:2 + n], octets[2 + n:]


def seed_of(key, encrypted):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.decrypt(encrypted, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"IDENTITY\0"))
    x, rest = take(encrypted)
    y, rest = take(rest)
    assert (len(x), len(y), rest) == (32, 32, b"")
    theirs = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
    ours = key.public_key().public_numbers().x.to_bytes(32, "big")
    digest = hashes.Hash(hashes.SHA256())
    digest.update(struct.pack(">I", 1) + key.exchange(ec.ECDH(), theirs) + b"IDENTITY\0" + x + ours)
    return digest.finalize()


def open_by_hand(key, name, credential):
    """All that it is made of: each length, and the secret; fails where the MAC is not the one of all of it."""
    id_object, rest = take(credential)
    encrypted, rest = take(rest)
    assert rest == b""
    mac, identity = take(id_object)
    seed = seed_of(key, encrypted)
    wanted = hmac.HMAC(derive_a(seed, b"INTEGRITY", b"", 256), hashes.SHA256())
    wanted.update(identity + name)
    wanted.verify(mac)
    aes = Cipher(algorithms.AES(derive_a(seed, b"STORAGE", name, 128)), modes.CFB(bytes(16))).decryptor()
    secret, rest = take(aes.update(identity) + aes.finalize())
    assert rest == b""
    return {"mac": len(mac), "identity": len(identity), "encrypted": len(encrypted), "secret": secret}


def public_of(key):
    """TPM2B_PUBLIC of an endorsement key by the TCG's templates."""
    kind = 0x0001 if isinstance(key, rsa.RSAPrivateKey) else 0x0023
    head = struct.pack(">HHI", kind, 0x000b, STORAGE_ATTRIBUTES) + tpm.sized(POLICY) + struct.pack(">HHHH", 6, 128, 0x43, 0x10)
    numbers = key.public_key().public_numbers()
    if kind == 0x0001:
        return tpm.sized(head + struct.pack(">HI", 2048, 0) + tpm.sized(numbers.n.to_bytes(256, "big")))
    return tpm.sized(head + struct.pack(">HH", 3, 0x10) + tpm.sized(numbers.x.to_bytes(32, "big")) +
                     tpm.sized(numbers.y.to_bytes(32, "big")))


def sealed_by_tools(folder, kind, key, secret):
    (folder / "ek.pem").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM,
                                                                  serialization.PublicFormat.SubjectPublicKeyInfo))
    (folder / "secret").write_bytes(secret)
    lab.run("tpm2_makecredential", "-T", "none", "-u", "ek.pem", "-G", kind, "-s", "secret", "-n", NAME.hex(), "-o", "out",
            cwd=folder)
    octets = (folder / "out").read_bytes()
    assert octets[:8] == struct.pack(">II", 0xBADCC0DE, 1)
    return octets[8:]


@pytest.mark.parametrize("kind", ["rsa", "ecc"])
def test_it_is_what_tpm2_makecredential_makes(tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    for secret in (SECRET, b"\x07"):
        theirs = open_by_hand(key, NAME, sealed_by_tools(tmp_path, kind, key, secret))
        ours = open_by_hand(key, NAME, seal(public_of(key), NAME, secret))
        assert ours == theirs
        assert ours["secret"] == secret
