"""`troth verify`, the library for devices on a host, on updates, images and key sets that nobody of Troth
made (releases.py)."""

import json

import pytest

import lab
import releases
import suit
from releases import CLASS, VENDOR, Lms, manifest
from suit import Signer

REFUSED, USAGE = 1, 2
IMAGE = bytes(range(256)) * 5
DEVICE = ["--vendor", VENDOR.hex(), "--class", CLASS.hex(), "--component", "00", "--sequence", "7",
          "--counter", "5"]


class Desk:
    """Three keys in set 3: 1 is below its floor, 2 and 4 sign releases and sets."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = {number: Signer(number) for number in (1, 2, 4)}
        self.stranger = Signer(2)
        self.made = None
        self.write("keys", suit.keyset(3, 2, self.keys.values(), [self.keys[1]]))

    def write(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        return path

    def __call__(self, octets, *words, status=0, keys="keys"):
        path = self.write("file", octets)
        done = lab.run(lab.program("troth"), "verify", str(path), "--keyset",
                       str(self.folder / keys), *map(str, words), check=False)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout if status != USAGE else done.stderr

    def json(self, octets, *words, **options):
        return json.loads(self(octets, *words, "--json", **options))

    def signed(self, *signers, payload=IMAGE, **members):
        signers = [self.keys[n] for n in signers or (2,)]
        return suit.envelope(manifest(IMAGE, **members), signers, payloads={"#image": payload})


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    if isinstance(desk.made, Lms):
        desk.made.close()


def states(answer):
    return {one["check"]: one["state"] for one in answer["checks"]}


def detail(answer, check):
    return next(one["detail"] for one in answer["checks"] if one["check"] == check)


# ---- updates ---------------------------------------------------------------------------------------


def test_an_update_for_this_device_is_valid_step_by_step(desk):
    answer = desk.json(desk.signed(), *DEVICE)
    assert (answer["kind"], answer["verdict"]) == ("suit", "VALID")
    assert answer["keyset"] == {"sequence": 3, "floor": 2}
    assert "offset" not in answer
    for check in ("format", "signatures", "digest", "version", "sequence", "component", "vendor",
                  "class", "counter", "commands", "image"):
        assert states(answer)[check] == "holds", answer
    assert detail(answer, "signatures") == "key 2: 1 of 1 that set 3 wants"
    shown = desk(desk.signed(), *DEVICE)
    assert "VALID" in shown and "refused" not in shown


def test_what_is_not_said_of_the_device_is_not_asked(desk):
    answer = desk.json(desk.signed())
    assert answer["verdict"] == "VALID"
    for check in ("sequence", "component", "vendor", "class", "counter"):
        assert states(answer)[check] == "not asked", answer
    assert VENDOR.hex() in detail(answer, "vendor")
    assert "--vendor" in detail(answer, "vendor")
    # It is signed or it is not, whatever is asked.
    other = suit.envelope(manifest(IMAGE), [desk.stranger], payloads={"#image": IMAGE})
    assert desk.json(other, status=REFUSED)["verdict"] == "BAD_SIGNATURE"


@pytest.mark.parametrize("members, verdict, check, values", [
    ({"vendor": b"another-s-things"}, "WRONG_VENDOR", "vendor",
     f"seen {b'another-s-things'.hex()}, wanted {VENDOR.hex()}"),
    ({"class_id": b"another-s-device"}, "WRONG_CLASS", "class",
     f"seen {b'another-s-device'.hex()}, wanted {CLASS.hex()}"),
    ({"component": b"\1"}, "WRONG_COMPONENT", "component", "seen 814101, wanted 814100"),
    ({"sequence": 6}, "OLDER_SEQUENCE", "sequence", "seen 6, wanted 7 or more"),
    ({"counter": 4}, "OLDER_COUNTER", "counter", "seen 4, wanted 5 or more"),
    ({"formats": [2, 3]}, "DATA_FORMAT", "data format", "seen 2 to 3, wanted what reads 1"),
    ({}, "DATA_FORMAT", "data format", "seen none, wanted what reads 1"),
])
def test_an_update_that_is_not_for_this_device_is_refused(desk, members, verdict, check, values):
    words = [*DEVICE, "--data-format", 1]
    answer = desk.json(desk.signed(**members), *words, status=REFUSED)
    assert answer["verdict"] == verdict
    assert states(answer)[check] == "refused", answer
    assert detail(answer, check).endswith(values), answer
    assert states(answer)["signatures"] == "holds"
    assert states(answer)["image"] == "not reached"
    assert answer["offset"] > 0
    shown = desk(desk.signed(**members), *words, status=REFUSED)
    assert verdict in shown and "Next: " in shown


def test_a_key_that_was_given_up_signs_nothing(desk):
    answer = desk.json(desk.signed(1), status=REFUSED)
    assert answer["verdict"] == "BELOW_FLOOR"
    assert states(answer)["signatures"] == "refused"
    assert states(answer)["digest"] == "not reached"
    assert desk.json(desk.signed(2), "--floor", 3, status=REFUSED)["verdict"] == "BELOW_FLOOR"
    assert desk.json(desk.signed(1, 4), "--floor", 3)["verdict"] == "VALID"


def test_two_of_three_are_two_keys(desk):
    desk.write("two", suit.keyset(1, 1, desk.keys.values(), [desk.keys[1]], wanted={1: 1, 2: 2}))
    answer = desk.json(desk.signed(2), keys="two", status=REFUSED)
    assert answer["verdict"] == "TOO_FEW_SIGNERS"
    assert detail(answer, "signatures").endswith("key 2: 1 of 2 that set 1 wants")
    assert desk.json(desk.signed(2, 2), keys="two", status=REFUSED)["verdict"] == "TOO_FEW_SIGNERS"
    answer = desk.json(desk.signed(4, 2), keys="two")
    assert detail(answer, "signatures") == "key 2, 4: 2 of 2 that set 1 wants"


def test_the_image_is_the_signed_one(desk):
    assert states(desk.json(desk.signed()))["image"] == "holds"
    answer = desk.json(desk.signed(payload=IMAGE[:-1] + b"\0"), status=REFUSED)
    assert (answer["verdict"], states(answer)["image"]) == ("WRONG_IMAGE", "refused")
    assert desk.json(desk.signed(payload=b"x"), status=REFUSED)["verdict"] == "WRONG_SIZE"
    elsewhere = suit.envelope(manifest(IMAGE, uri="coap://updates/image"), [desk.keys[2]])
    assert states(desk.json(elsewhere))["image"] == "not asked"
    good, bad = desk.write("good", IMAGE), desk.write("bad", IMAGE[:-1] + b"\0")
    assert states(desk.json(elsewhere, "--image", good))["image"] == "holds"
    assert desk.json(elsewhere, "--image", bad, status=REFUSED)["verdict"] == "WRONG_IMAGE"
    short = desk.write("short", IMAGE[:-1])
    assert desk.json(elsewhere, "--image", short, status=REFUSED)["verdict"] == "WRONG_SIZE"


@pytest.mark.parametrize("make", [
    lambda folder: releases.Es384(1),
    lambda folder: releases.Ed25519(1),
    lambda folder: Lms(1, folder),
    lambda folder: Lms(1, folder, 2, "lms_sha256_n32_h5", "sha256_n32_w8"),
], ids=["es384", "ed25519", "lms-w4", "hss-2-w8"])
def test_keys_of_other_algorithms_sign(desk, make):
    key = desk.made = make(desk.folder)
    desk.write("one", suit.keyset(1, 1, [key], [key]))
    file = suit.envelope(manifest(IMAGE), [key], payloads={"#image": IMAGE})
    assert desk.json(file, keys="one")["verdict"] == "VALID"
    following = suit.keyset(2, 1, [key, desk.keys[2]], [key])
    assert desk.json(following, keys="one")["verdict"] == "VALID"
    # One bit of the signature, which ends before the manifest begins.
    at = file.index(manifest(IMAGE)[:8]) - 20
    broken = file[:at] + bytes([file[at] ^ 1]) + file[at + 1:]
    assert desk.json(broken, keys="one", status=REFUSED)["verdict"] == "BAD_SIGNATURE"


# ---- key sets and images ---------------------------------------------------------------------------


def test_the_next_key_set_is_signed_by_the_one_before(desk):
    def following(signer, sequence=4, floor=2):
        return suit.keyset(sequence, floor, [desk.keys[2], Signer(5)], [desk.keys[signer]])

    answer = desk.json(following(2))
    assert (answer["kind"], answer["verdict"]) == ("keyset", "VALID")
    assert detail(answer, "sequence") == "seen 4, wanted above 3"
    assert set(states(answer).values()) == {"holds"}
    for file, verdict, check in (
            (following(1), "BELOW_FLOOR", "signatures"),
            (following(2, sequence=3), "OLDER_SET", "sequence"),
            (following(2, floor=1), "LOWER_FLOOR", "floor"),
            (following(2, floor=6), "MISSING", "keys")):
        answer = desk.json(file, status=REFUSED)
        assert (answer["verdict"], states(answer)[check]) == (verdict, "refused"), answer
    assert detail(desk.json(following(2, sequence=3), status=REFUSED), "sequence").endswith("seen 3, wanted above 3")


@pytest.mark.parametrize("manifest", [b"\xff", b"\xa1\x02\x07", suit.dumps({1: 1}), suit.dumps({1: 1, 2: 7, 3: b""})])
def test_what_was_not_read_does_not_hold(desk, manifest):
    answer = desk.json(suit.envelope(manifest, [desk.keys[2]]), status=REFUSED)
    assert answer["verdict"] == "MALFORMED"
    assert [name for name, state in states(answer).items() if state == "holds"] == ["format", "signatures", "digest"]


def test_an_image_of_mcuboot_is_judged(desk):
    good = releases.mcuboot_image(IMAGE, desk.keys[2])
    answer = desk.json(good, "--counter", 5)
    assert (answer["kind"], answer["verdict"]) == ("mcuboot", "VALID")
    assert set(states(answer).values()) == {"holds"}
    assert "1.2.3+4" in detail(answer, "format")
    assert states(desk.json(good))["counter"] == "not asked"
    answer = desk.json(good, "--counter", 6, status=REFUSED)
    assert answer["verdict"] == "OLDER_COUNTER"
    assert detail(answer, "counter").endswith("seen 5, wanted 6 or more")
    for key, verdict in ((desk.keys[1], "BELOW_FLOOR"), (desk.stranger, "BAD_SIGNATURE")):
        answer = desk.json(releases.mcuboot_image(IMAGE, key), status=REFUSED)
        assert (answer["verdict"], states(answer)["image"]) == (verdict, "holds")
    broken = good.replace(IMAGE[:64], IMAGE[1:65], 1)
    assert desk.json(broken, status=REFUSED)["verdict"] == "WRONG_IMAGE"


# ---- what is none of them --------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [b"", b"\n", b"PK\3\4", b"\xd8\x6b", b"\x3d\xb8\xf3\x96", b"\x82"])
def test_what_is_none_of_them_is_told(desk, octets):
    answer = desk.json(octets, status=REFUSED)
    assert answer["verdict"] == "MALFORMED"
    assert "refused" in states(answer).values()


def test_words_that_cannot_be_meant_are_usage(desk):
    for words in (["--vendor", "00"], ["--class", "g" * 32], ["--counter", 2**32],
                  ["--component", "0"], ["--component", "00/" * 9 + "00"], ["--floor", 9]):
        assert "E1001" in desk(desk.signed(), *words, status=USAGE), words
    desk.write("none", b"\x80")
    assert "MALFORMED" in desk(desk.signed(), keys="none", status=USAGE)
    assert "E1001" in lab.run(lab.program("troth"), "verify", "x", check=False).stderr
