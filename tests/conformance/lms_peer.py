"""Run by tests/conformance/pyhsslms, in an environment that has that package."""

import os
import pathlib
import subprocess
import sys
import tempfile

import cbor2
from pyhsslms import pyhsslms

sys.path.insert(0, "tests/scenario")
import suit  # noqa: E402  our maker of envelopes, which knows cbor2 alone

TROTH = pathlib.Path(os.environ["TROTH_BUILD"]) / "troth"
VENDOR, CLASS = b"vendor-of-things", b"class-of-devices"
IMAGE = bytes(range(256)) * 8
WIDTHS = (1, 2, 4, 8)


class Lms(suit.Signer):
    """A key of pyhsslms in a key set."""

    algorithm = suit.HSS_LMS

    def __init__(self, n, width, levels, height=5):
        self.number, self.uses = 1, suit.USE_KEYSET | suit.USE_RELEASE
        self.key = pyhsslms.HssPrivateKey(levels=levels, lms_type=getattr(pyhsslms, f"lms_sha256_m{n}_h{height}"),
                                          lmots_type=getattr(pyhsslms, f"lmots_sha256_n{n}_w{width}"))

    @property
    def octets(self):
        return self.key.publicKey().serialize()

    def sign(self, octets):
        return self.key.sign(octets)


class House:
    """A folder, and troth in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.put("pass", b"a passphrase\n").chmod(0o600)
        self.put("image", IMAGE)

    def put(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def troth(self, *words):
        return subprocess.run([TROTH, *map(str, words)], cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**os.environ, "XDG_STATE_HOME": str(self.folder)})


def judge_theirs(house, n, width, levels, height=5):
    """troth on what pyhsslms signed, and on the same with one octet of the signature changed."""
    signer = Lms(n, width, levels, height)
    house.put("set", suit.keyset(1, 1, [signer], [signer]))
    manifest = suit.manifest(IMAGE, VENDOR, CLASS, uri="#image")
    good = suit.envelope(manifest, [signer], payloads={"#image": IMAGE})
    signature = cbor2.loads(cbor2.loads(cbor2.loads(good).value[2])[1]).value[3]
    at = good.index(signature) + len(signature) // 2
    bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
    for octets, status in ((good, 0), (bad, 1)):
        house.put("envelope", octets)
        done = house.troth("verify", "envelope", "--keyset", "set", "--vendor", VENDOR.hex(), "--class", CLASS.hex())
        assert done.returncode == status, (n, width, levels, height, done.stdout, done.stderr)


def judge_ours(house, n, width, height=5):
    """pyhsslms on what troth signed."""
    key = f"key-{n}-{width}-{height}"
    done = house.troth("release", "keygen", key, "--lms", f"h{height}", "--n", n, "--w", width, "--passphrase-file", "pass")
    assert done.returncode == 0, done.stderr
    public = pyhsslms.HssPublicKey.deserialize((house.folder / key / "public").read_bytes())
    for _ in range(3):
        done = house.troth("release", "sign", "image", "--key", key, "--passphrase-file", "pass", "--out", "envelope",
                           "--sequence", 1, "--counter", 1, "--vendor", VENDOR.hex(), "--class", CLASS.hex())
        assert done.returncode == 0, done.stderr
        digest, one = cbor2.loads(cbor2.loads((house.folder / "envelope").read_bytes()).value[2])
        protected, _, _, signature = cbor2.loads(one).value
        message = cbor2.dumps(["Signature1", protected, b"", digest])
        assert public.verify(message, signature), (n, width, height)
        assert not public.verify(message + b"x", signature)


def main():
    with tempfile.TemporaryDirectory() as folder:
        house = House(folder)
        for n in (24, 32):
            for width in WIDTHS:
                judge_ours(house, n, width)
                judge_theirs(house, n, width, 1)
        judge_theirs(house, 24, 4, 2)
        judge_theirs(house, 32, 4, 2)
        judge_theirs(house, 24, 4, 1, 10)
        judge_ours(house, 24, 4, 10)
    print("n = 24 and 32, widths 1, 2, 4, 8, heights 5 and 10, two levels: each takes what the other signed")


main()
