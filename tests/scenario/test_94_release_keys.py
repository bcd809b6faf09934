"""troth release and troth keyset: what they make is read by cbor2 and verified by cryptography and by the LMS below, which is
written from RFC 8554 and RFC 9858; a key with one-time indices gives none twice, whatever happens to its folder."""

import base64
import hashlib
import json
import os
import shutil
import types

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import lab
import releases

ID = "00112233-4455-6677-8899-aabbccddeeff"
IMAGE = bytes(range(256)) * 20
FAILED, USAGE, CONFLICT = 1, 2, 9
TYPE = "application/troth-keyset+cbor"


# ---- LMS, verifying: RFC 8554 4.6, 5.4.2, 6.3; RFC 9858 for 24 octets


def u32(octets, at=0):
    return int.from_bytes(octets[at:at + 4], "big")


def lms_index(signature):
    return u32(signature, 4)


def lms_verifies(public, message, signature):
    level, tree, ots = u32(public), u32(public, 4), u32(public, 8)
    n, height, width = (24, 5 * (tree - 9), 1 << (ots - 5)) if tree >= 10 else (32, 5 * (tree - 4), 1 << (ots - 1))
    name, root = public[12:28], public[28:]
    index = lms_index(signature)
    assert level == 1 and u32(signature) == 0 and u32(signature, 8) == ots and len(root) == n and index < 1 << height
    head = name + index.to_bytes(4, "big")

    def short(*parts):
        return hashlib.sha256(b"".join(parts)).digest()[:n]

    random, rest = signature[12:12 + n], signature[12 + n:]
    digest = short(head, b"\x81\x81", random, message)
    digits = [digest[i * width // 8] >> (8 - width - i * width % 8) & (1 << width) - 1 for i in range(8 * n // width)]
    most = (1 << width) - 1
    digits_of_sum = -(-(len(digits) * most).bit_length() // width)
    total = sum(most - digit for digit in digits)
    digits += [total >> width * (digits_of_sum - 1 - i) & most for i in range(digits_of_sum)]
    ends = []
    for i, digit in enumerate(digits):
        at = rest[n * i:n * i + n]
        for step in range(digit, most):
            at = short(head, i.to_bytes(2, "big"), bytes([step]), at)
        ends.append(at)
    rest = rest[n * len(digits):]
    assert u32(rest) == tree and len(rest) == 4 + n * height
    at, node = (1 << height) + index, short(head, b"\x80\x80", *ends)
    node = short(name, at.to_bytes(4, "big"), b"\x82\x82", node)
    for i in range(height):
        beside = rest[4 + n * i:4 + n * i + n]
        pair = (beside, node) if at & 1 else (node, beside)
        at >>= 1
        node = short(name, at.to_bytes(4, "big"), b"\x83\x83", *pair)
    return node == root


# ---- troth


class House:
    """A folder with troth, keys and what they made, and a state folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "pass").write_text("a passphrase\n")
        (folder / "pass").chmod(0o600)
        (folder / "image").write_bytes(IMAGE)
        (folder / "state").mkdir()
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}

    def troth(self, *words, status=0, environment=None, before=()):
        done = lab.run(*before, lab.program("troth"), *map(str, words), check=False, cwd=self.folder,
                       env={**self.environment, **(environment or {})})
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done

    def lms(self, name, *options):
        self.troth("release", "keygen", name, "--passphrase-file", "pass", *(options or ("--lms", "h5")))
        return (self.folder / name / "public").read_bytes()

    def pem(self, name, key):
        path = self.folder / f"{name}.pem"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)
        (self.folder / f"{name}.pub").write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, key, out="envelope", **how):
        return self.troth("release", "sign", "image", "--key", key, "--out", out, "--sequence", 7, "--counter", 3, "--vendor",
                          ID, "--class", ID.replace("-", ""), "--passphrase-file", "pass", **how)

    def read(self, name):
        return (self.folder / name).read_bytes()


@pytest.fixture(name="house")
def fixture_house(tmp_path):
    return House(tmp_path)


def signatures_of(octets, payload, kind=None):
    """(algorithm, what was signed, signature) of each COSE_Sign1."""
    for one in octets:
        message = cbor2.loads(one)
        protected, unprotected, nothing, signature = message.value
        header = cbor2.loads(protected)
        assert message.tag == 18 and unprotected == {} and nothing is None
        assert header == ({1: header[1]} if kind is None else {1: header[1], 16: kind})
        yield header[1], cbor2.dumps(["Signature1", protected, b"", payload]), signature


def open_envelope(octets):
    """Manifest, the rest of the envelope, and its signatures, after the digest was compared."""
    envelope = cbor2.loads(octets)
    assert envelope.tag == 107
    members = dict(envelope.value)
    digest, *signatures = cbor2.loads(members.pop(2))
    manifest = members.pop(3)
    assert cbor2.loads(digest) == [-16, hashlib.sha256(cbor2.dumps(manifest)).digest()]
    return cbor2.loads(manifest), members, list(signatures_of(signatures, digest))


def verify_raw(key, algorithm, message, signature):
    half = len(signature) // 2
    if algorithm == -19:
        key.verify(signature, message)
    else:
        der = utils.encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        key.verify(der, message, ec.ECDSA(hashes.SHA256() if algorithm == -7 else hashes.SHA384()))


def index_in(octets):
    return lms_index(open_envelope(octets)[2][0][2])


# ---- what is made


def test_an_envelope_says_what_was_asked_and_has_the_image(house):
    public = house.lms("key")
    house.troth("release", "sign", "image", "--key", "key", "--passphrase-file", "pass", "--out", "envelope", "--sequence", 7,
                "--counter", 3, "--vendor", ID, "--class", ID, "--component", "0102/03", "--formats", "2-5")
    manifest, members, [(algorithm, message, signature)] = open_envelope(house.read("envelope"))
    assert manifest[1] == 1 and manifest[2] == 7 and members == {"#image": IMAGE}
    common = cbor2.loads(manifest[3])
    assert common[2] == [[b"\x01\x02", b"\x03"]]
    shared = cbor2.loads(common[4])
    uuid = bytes.fromhex(ID.replace("-", ""))
    assert shared[1] == {1: uuid, 2: uuid, 3: cbor2.dumps([-16, hashlib.sha256(IMAGE).digest()]), 14: len(IMAGE), -1: 3,
                         -2: [2, 5]}
    assert algorithm == -46 and lms_verifies(public, message, signature)
    assert not lms_verifies(public, message + b"x", signature)


def test_an_image_may_lie_elsewhere(house):
    house.lms("key")
    house.troth("release", "sign", "image", "--key", "key", "--passphrase-file", "pass", "--out", "envelope", "--sequence", 7,
                "--counter", 3, "--vendor", ID, "--class", ID, "--uri", "coap://updates.example/7")
    manifest, members, _ = open_envelope(house.read("envelope"))
    assert members == {} and cbor2.loads(manifest[20])[1] == {21: "coap://updates.example/7"}


@pytest.mark.parametrize("options", [("--lms", "h5", "--n", n, "--w", w) for n in ("24", "32") for w in "1248"] +
                         [("--lms", "h10")], ids=" ".join)
def test_every_kind_of_lms_key_signs(house, options):
    public = house.lms("key", *options)
    house.sign("key")
    _, _, [(_, message, signature)] = open_envelope(house.read("envelope"))
    assert lms_verifies(public, message, signature)


def test_each_signs_with_his_own_key_in_turn(house):
    public = house.lms("lms")
    keys = {-7: ec.generate_private_key(ec.SECP256R1()), -35: ec.generate_private_key(ec.SECP384R1()),
            -19: ed25519.Ed25519PrivateKey.generate()}
    house.sign("lms")
    for algorithm, key in keys.items():
        house.pem(f"key{algorithm}", key)
        house.troth("release", "sign", "envelope", "--append", "--key", f"key{algorithm}.pem", "--out", "envelope")
    _, members, signatures = open_envelope(house.read("envelope"))
    assert members == {"#image": IMAGE} and [row[0] for row in signatures] == [-46, *keys]
    assert lms_verifies(public, *signatures[0][1:])
    for row in signatures[1:]:
        verify_raw(keys[row[0]].public_key(), *row)
        with pytest.raises(InvalidSignature):
            verify_raw(keys[row[0]].public_key(), row[0], row[1] + b"x", row[2])


def test_a_key_set_is_made_signed_and_shown(house):
    public = house.lms("lms")
    key = ec.generate_private_key(ec.SECP256R1())
    house.pem("ec", key)
    house.troth("keyset", "make", "3:keyset+release:lms", "8:keyset+status:ec.pub", "--sequence", 4, "--floor", 2, "--signers",
                "keyset=2,release=1,status=1", "--out", "set")
    house.troth("keyset", "sign", "set", "--key", "lms", "--passphrase-file", "pass", "--out", "set")
    house.troth("keyset", "sign", "set", "--key", "ec.pem", "--out", "set")
    payload, *signatures = cbor2.loads(house.read("set"))
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert cbor2.loads(payload) == {1: 1, 2: 4, 3: 2, 4: {1: 2, 2: 1, 4: 1},
                                    5: [{1: 3, 2: -46, 3: 3, 4: public}, {1: 8, 2: -7, 3: 5, 4: point}]}
    rows = list(signatures_of(signatures, payload, TYPE))
    assert lms_verifies(public, *rows[0][1:])
    verify_raw(key.public_key(), *rows[1])
    shown = json.loads(house.troth("keyset", "show", "set", "--json").stdout)
    assert (shown["sequence"], shown["floor"], shown["signatures"]) == (4, 2, 2)
    assert [(row["number"], row["uses"], row["octets"]) for row in shown["keys"]] == [
        (3, ["keyset", "release"], public.hex()), (8, ["keyset", "status"], point.hex())]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: curve.name)
def test_a_point_that_is_not_on_its_curve_is_no_key(house, curve):
    house.pem("key", ec.generate_private_key(curve))
    octets = bytearray(base64.b64decode("".join((house.folder / "key.pub").read_text().splitlines()[1:-1])))
    words = ("1:keyset:key.pub", "--sequence", 1, "--floor", 1, "--signers", "keyset=1", "--out", "set")
    house.troth("keyset", "make", *words)
    octets[-1] ^= 1
    (house.folder / "key.pub").write_text("-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(octets).decode() +
                                          "\n-----END PUBLIC KEY-----\n")
    assert "not on its curve" in house.troth("keyset", "make", *words, status=FAILED).stderr


def small_order():
    """Every encoding of the eight points of Ed25519 whose order is 8 or less, also those that RFC 8032 5.1.3 does not allow."""
    prime = 2**255 - 19
    order_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
    for y in (0, 1, prime - 1, order_8, prime - order_8, prime, prime + 1):
        for sign in (0, 1 << 255):
            yield (y | sign).to_bytes(32, "little").hex()


@pytest.mark.parametrize("point", small_order())
def test_a_key_that_anybody_can_sign_for_is_no_key(house, point):
    octets = bytes.fromhex("302a300506032b6570032100" + point)
    (house.folder / "key.pub").write_text("-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(octets).decode() +
                                          "\n-----END PUBLIC KEY-----\n")
    refused = house.troth("keyset", "make", "1:keyset:key.pub", "--sequence", 1, "--floor", 1, "--signers", "keyset=1", "--out",
                          "set", status=FAILED)
    assert "small order" in refused.stderr and not (house.folder / "set").exists()


@pytest.mark.parametrize("make", [releases.suit.Signer, releases.Ed25519])
def test_a_set_that_is_made_here_judges_images_of_mcuboot(house, make):
    signer = make(1)
    house.pem("key", signer.key)
    house.troth("keyset", "make", "1:keyset+release:key.pub", "--sequence", 1, "--floor", 1, "--signers",
                "keyset=1,release=1", "--out", "set")
    house.troth("keyset", "sign", "set", "--key", "key.pem", "--out", "set")
    (house.folder / "mcuboot").write_bytes(releases.mcuboot_image(IMAGE, signer))
    assert "VALID" in house.troth("verify", "mcuboot", "--keyset", "set").stdout
    (house.folder / "mcuboot").write_bytes(releases.mcuboot_image(IMAGE, make(1)))
    assert "BAD_SIGNATURE" in house.troth("verify", "mcuboot", "--keyset", "set", status=FAILED).stdout


def test_images_of_mcuboot_may_be_signed_with_rsa(house):
    """A set has such keys for images alone: sets and releases are signed with others here."""
    house.pem("ec", ec.generate_private_key(ec.SECP256R1()))
    signers = [types.SimpleNamespace(key=rsa.generate_private_key(65537, 2048)) for _ in range(2)]
    house.pem("rsa", signers[0].key)
    house.pem("short", rsa.generate_private_key(65537, 1024))
    words = ("--sequence", 1, "--floor", 1, "--signers", "keyset=1,release=1", "--out", "set")
    assert "2048" in house.troth("keyset", "make", "1:keyset:ec.pub", "2:release:short.pub", *words, status=FAILED).stderr
    house.troth("keyset", "make", "1:keyset:ec.pub", "2:release:rsa.pub", *words)
    house.troth("keyset", "sign", "set", "--key", "ec.pem", "--out", "set")
    for signer, said, status in ((signers[0], "VALID", 0), (signers[1], "BAD_SIGNATURE", FAILED)):
        (house.folder / "mcuboot").write_bytes(releases.mcuboot_image(IMAGE, signer))
        assert said in house.troth("verify", "mcuboot", "--keyset", "set", status=status).stdout
    refused = house.troth("keyset", "sign", "set", "--key", "rsa.pem", "--out", "set", status=FAILED).stderr
    assert "p256, p384, ed25519 and LMS here, not rsa-2048" in refused


@pytest.mark.parametrize("words, status", [
    (("1:keyset:lms", "--signers", "keyset=2"), FAILED),                      # two of one
    (("1:release:lms", "--signers", "release=1"), FAILED),                    # nobody can follow it
    (("1:keyset:lms", "2:keyset:lms", "--signers", "keyset=2"), FAILED),      # one key as two
    (("2:keyset:lms", "1:keyset:ec.pub", "--signers", "keyset=1"), FAILED),   # numbers fall
    (("1:keyset:lms", "--signers", "keyset=1", "--floor", "2"), FAILED),      # all given up
    (("1:all:lms", "--signers", "keyset=1"), USAGE),
    (("keyset:lms", "--signers", "keyset=1"), USAGE),
    (("1:keyset:lms", "--signers", "keyset"), USAGE),
    (("1:keyset:lms", "--signers", "keyset=0"), USAGE),
])
def test_a_set_that_no_device_would_take_is_not_made(house, words, status):
    house.lms("lms")
    house.pem("ec", ec.generate_private_key(ec.SECP256R1()))
    floor = () if "--floor" in words else ("--floor", 1)
    house.troth("keyset", "make", *words, "--sequence", 1, *floor, "--out", "set", status=status)
    assert not (house.folder / "set").exists()


@pytest.mark.parametrize("words, named", [
    (("--counter", 1, "--vendor", ID, "--class", ID), "--sequence"),
    (("--sequence", 1, "--vendor", ID, "--class", ID), "--counter"),
    (("--sequence", 1, "--counter", 1, "--class", ID), "--vendor"),
    (("--sequence", 1, "--counter", 1, "--vendor", ID, "--class", "0011"), "--class"),
    (("--sequence", 1, "--counter", 1, "--vendor", ID, "--class", ID, "--formats", "3-1"), "--formats"),
    (("--sequence", 1, "--counter", 1, "--vendor", ID, "--class", ID, "--component", "0x"), "--component"),
    (("--sequence", 2 ** 32, "--counter", 1, "--vendor", ID, "--class", ID), "--sequence"),
    (("--sequence", 1, "--counter", 1, "--vendor", ID, "--class", ID, "--uri", "#image"), "--uri"),
    (("--sequence", 1, "--counter", 1, "--vendor", ID, "--class", ID, "--uri", ""), "--uri"),
    (("--append", "--sequence", 2), "--sequence"),
])
def test_what_is_missing_or_wrong_is_named_before_an_index_is_used(house, words, named):
    house.lms("key")
    done = house.troth("release", "sign", "image", "--key", "key", "--passphrase-file", "pass", "--out", "envelope", *words,
                       status=USAGE)
    assert named in done.stderr and not (house.folder / "envelope").exists()
    house.sign("key")
    assert index_in(house.read("envelope")) == 0


def test_an_empty_image_is_no_release(house):
    house.lms("key")
    (house.folder / "image").write_bytes(b"")
    assert "0 octets" in house.sign("key", status=FAILED).stderr


# ---- one-time indices


def test_a_kill_before_each_step_gives_no_index_twice(house):
    """Ends `troth release sign` before its n-th step that changes the disk, then signs again."""
    public = house.lms("key", "--lms", "h10", "--w", "1")
    shim = house.folder / "kill.so"
    lab.run("cc", "-shared", "-fPIC", "-o", str(shim), str(lab.SOURCE / "tests" / "scenario" / "fault" / "kill.c"))
    first = lab.run("cc", "-print-file-name=libasan.so").stdout.strip() if lab.SANITIZED else ""
    seen, killed = [], 0
    for step in range(1, 100):
        (house.folder / "envelope").unlink(missing_ok=True)
        done = lab.run(lab.program("troth"), "release", "sign", "image", "--key", "key", "--out", "envelope", "--sequence", "7",
                       "--counter", "3", "--vendor", ID, "--class", ID, "--passphrase-file", "pass", check=False,
                       cwd=house.folder, env={**house.environment, "LD_PRELOAD": f"{first} {shim}".strip(), "KILL_AT": str(step)})
        for out in [*house.folder.glob("envelope*"), *house.folder.glob(".envelope*")]:
            if out.stat().st_size > 0:
                seen.append(out.read_bytes())
            out.unlink()
        if done.returncode == 0:
            break
        assert done.returncode == -9, (done.returncode, done.stderr)
        killed += 1
        house.sign("key")
        seen.append(house.read("envelope"))
    else:
        pytest.fail("it never came to its end")
    assert killed >= 8  # two files of three steps each, and the envelope
    indices = [index_in(octets) for octets in seen]
    assert len(set(indices)) == len(indices) > killed
    for octets in seen:
        _, _, [(_, message, signature)] = open_envelope(octets)
        assert lms_verifies(public, message, signature)


def test_a_folder_that_was_copied_back_signs_nothing(house):
    house.lms("key")
    house.sign("key")
    shutil.copytree(house.folder / "key", house.folder / "copy")
    house.sign("key")
    for folder in ("copy", "key"):
        if folder == "key":
            shutil.rmtree(house.folder / "key")
            shutil.copytree(house.folder / "copy", house.folder / "key")
        done = house.sign(folder, out="never", status=CONFLICT)
        assert "E6020" in done.stderr and "older than the last signature" in done.stderr
    assert not (house.folder / "never").exists()


def test_the_state_folder_alone_put_back_is_caught_up_with(house):
    """The folder is ahead of its record then, as it is after a kill between the two: it goes on, from its own number."""
    house.lms("key")
    shutil.copytree(house.folder / "state", house.folder / "older")
    house.sign("key")
    shutil.rmtree(house.folder / "state")
    shutil.copytree(house.folder / "older", house.folder / "state")
    house.sign("key")
    assert index_in(house.read("envelope")) == 1


def test_a_copy_for_another_user_signs_nothing(house):
    house.lms("key")
    (house.folder / "other").mkdir()
    done = house.sign("key", status=CONFLICT, environment={"XDG_STATE_HOME": str(house.folder / "other")})
    assert "E6020" in done.stderr and not (house.folder / "envelope").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may have another /etc/machine-id for one process")
def test_a_copy_on_another_host_signs_nothing(house):
    house.lms("key")
    (house.folder / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    script = f'mount --bind {house.folder}/machine-id /etc/machine-id && exec "$@"'
    done = house.sign("key", status=CONFLICT, before=("unshare", "-m", "sh", "-c", script, "sh"))
    assert "E6020" in done.stderr and "another host" in done.stderr and not (house.folder / "envelope").exists()
    house.sign("key")


def test_a_key_ends_after_its_last_index(house):
    house.lms("key")
    for index in range(32):
        house.sign("key")
        assert index_in(house.read("envelope")) == index
    assert "E6021" in house.sign("key", out="never", status=CONFLICT).stderr


def test_a_key_is_never_made_over_another(house):
    public = house.lms("key")
    house.troth("release", "keygen", "key", "--lms", "h5", "--passphrase-file", "pass", status=CONFLICT)
    assert house.read("key/public") == public
    assert b"ENCRYPTED PRIVATE KEY" in house.read("key/secret.pem")
    (house.folder / "wrong").write_text("another\n")
    (house.folder / "wrong").chmod(0o600)
    house.troth("release", "sign", "image", "--key", "key", "--passphrase-file", "wrong", "--out", "never", "--sequence", 7,
                "--counter", 3, "--vendor", ID, "--class", ID, status=FAILED)
