"""A secret that one TPM alone opens (MakeCredential and ActivateCredential of TPM 2.0): what core seals is opened by a
real TPM (swtpm), and is field by field of the form that tpm2_makecredential gives it. What such a TPM says of a device's
key is believed, and what somebody makes it say, or says instead of it, is refused by its rule."""

import os
import struct
import subprocess

import pytest
from cryptography import x509
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


# ---- what core thinks of what a TPM says ------------------------------------------------------------------------------

NONCE = bytes(range(0x80, 0xa0))


def judge(what, *octets):
    """"ok", or why not."""
    done = subprocess.run([lab.program("tests/scenario/probe/tpm-probe")], capture_output=True, text=True, check=True,
                          timeout=60, input=" ".join([what, *(one.hex() for one in octets)]) + "\n")
    return done.stdout.strip()


def spki_of(certificate):
    return x509.load_der_x509_certificate(certificate).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def spki_of_kept(device, handle):
    device.tool("readpublic", "-c", hex(handle), "-o", "der", "-f", "der")
    return device.read("der")


def judge_key(device, key, ak, nonce=NONCE, said=None):
    """A device's key by what its TPM certifies of it with our nonce, or by what was said instead."""
    attest, signature = said or device.certify(key, ak, nonce)
    return judge("key", device.public(ak)[0], device.public(key)[0], attest, signature, NONCE, spki_of_kept(device, key))


@pytest.fixture(scope="module")
def key(device):
    return device.make_key()


@pytest.mark.parametrize("kind", ["ecc", "rsa2048", "ecc384"])
def test_a_key_in_a_tpm_is_believed_to_be_there(device, ak, kind):
    assert judge_key(device, device.make_key(kind), ak) == "ok"


def test_a_key_that_an_rsa_key_attests_is_believed(device, key):
    assert judge_key(device, key, device.make_ak(tpm.EK_P256, ("rsa", "rsassa"))) == "ok"


def test_an_endorsement_key_is_that_of_its_certificate(device):
    rsa_spki, p384_spki = spki_of(device.certificate(tpm.NV_EK_RSA)), spki_of(device.certificate(tpm.NV_EK_P384))
    assert judge("ek", device.public(tpm.EK_RSA)[0], rsa_spki) == "ok"
    assert judge("ek", device.public(tpm.EK_P384)[0], p384_spki) == "ok"
    assert "not the one in its certificate" in judge("ek", device.public(tpm.EK_RSA)[0], p384_spki)
    assert "not the one in its certificate" in judge("ek", device.public(tpm.EK_P256)[0], p384_spki)


def test_attack_evidence_of_an_earlier_challenge(device, ak, key):
    assert "not the nonce of this challenge" in judge_key(device, key, ak, nonce=bytes(32))
    assert "not the nonce of this challenge" in judge_key(device, key, ak, nonce=b"")


def test_attack_a_key_that_the_tpm_does_not_have(device, ak, key):
    """What is sent is a key of the attacker's with the best of attributes; the TPM attests one of its own."""
    thief = ec.generate_private_key(ec.SECP256R1())
    numbers = thief.public_key().public_numbers()
    area = tpm.sized(device.public(key)[0][2:-68] + tpm.sized(numbers.x.to_bytes(32, "big")) +
                     tpm.sized(numbers.y.to_bytes(32, "big")))
    spki = thief.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    attest, signature = device.certify(key, ak, NONCE)
    assert "attests another key" in judge("key", device.public(ak)[0], area, attest, signature, NONCE, spki)
    assert "another key than the TPM's" in judge("key", device.public(ak)[0], device.public(key)[0], attest, signature, NONCE,
                                                 spki)


def test_attack_an_attestation_key_that_signs_what_it_is_given(device, ak, key):
    """An unrestricted key of the same TPM signs what the attacker wrote; a restricted one what is no attestation."""
    liar = device.make_key("ecc256:ecdsa-sha256")
    attest, _ = device.certify(key, liar, NONCE)

    def sign(signer, octets):
        (device.folder / "forged").write_bytes(octets)
        return device.tool("sign", "-c", hex(signer), "-g", "sha256", "-s", "ecdsa", "-o", "signature", "forged",
                           check=False).returncode == 0

    assert sign(ak, b"text" + attest)
    assert not sign(ak, attest)
    assert sign(liar, attest)
    answer = judge_key(device, key, liar, said=(attest, device.read("signature")))
    assert "signs whatever it is given, wanted is restricted" in answer


def test_attack_an_attestation_by_another_key(device, ak, key):
    other = device.make_ak(tpm.EK_RSA)
    answer = judge_key(device, key, ak, said=device.certify(key, other, NONCE))
    assert answer == "the attestation by the attestation key: the ECDSA signature does not verify"


def test_attack_a_key_that_can_leave(device, ak):
    """The TPM certifies it, as it is in it; so is a copy elsewhere."""
    moves = device.make_key(attributes="sensitivedataorigin|userwithauth|sign")
    assert "can leave its TPM, wanted is fixedTPM" in judge_key(device, moves, ak)


def test_attack_a_key_that_was_imported(device, ak):
    thief = ec.generate_private_key(ec.SECP256R1())
    (device.folder / "thief.pem").write_bytes(lab.key_pem(thief))
    device.tool("createprimary", "-C", "o", "-c", "primary.ctx")
    device.tool("import", "-C", "primary.ctx", "-G", "ecc", "-i", "thief.pem", "-u", "thief.pub", "-r", "thief.priv")
    device.tool("load", "-C", "primary.ctx", "-u", "thief.pub", "-r", "thief.priv", "-c", "thief.ctx")
    assert "can leave its TPM, wanted is fixedTPM" in judge_key(device, device.keep("thief.ctx"), ak)


def test_a_restricted_key_is_no_device_s(device, ak):
    assert "restricted is set" in judge_key(device, device.make_ak(tpm.EK_RSA), ak)


def test_what_the_tpm_says_of_something_else_certifies_nothing(device, ak, key):
    """A quote, by the same restricted key and with the same nonce."""
    device.tool("quote", "-c", hex(ak), "-l", "sha256:0", "-q", NONCE.hex(), "-m", "quote", "-s", "signature", "-f", "tss")
    assert "attests something else than a key" in judge_key(device, key, ak,
                                                            said=(device.read("quote"), device.read("signature")))
