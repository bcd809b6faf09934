"""Measured boot on an emulated Cortex-M3 (device/boot/m3, BearSSL from Debian's source): what the boot loader derives is
what dice.py works out; what was sealed opens after a good update and for nobody else; nothing of the loader's secrets is
left in memory; and other secrets take the same instructions and touch the same addresses."""

import dataclasses
import os
import re
import subprocess

import pytest

import board_maker as maker
import dice
import lab
import m3
import suit

pytestmark = pytest.mark.skipif(lab.SANITIZED, reason="all of it runs on the emulated core, in either lane the same")

BUILD_S = 300  # BearSSL is a hundred files, and two cores may be busy
SECRETS_N = 10
SECRET, KEY, NONCE = bytes(range(100, 132)), b"the key of the device's LDevID..", b"nonce-of-16-octs"
# Of these a Cortex-M3's time depends on what is multiplied or divided (Arm DDI 0337, table 3-1).
VARIABLE = re.compile(r"^(umull|smull|umlal|smlal|udiv|sdiv)")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dice")
    for words in (["script/debian-source", "bearssl", folder / "source"],
                  ["device/boot/m3/build", folder / "m3", folder / "source" / "source"]):
        done = subprocess.run([lab.SOURCE / words[0], *map(str, words[1:])], capture_output=True, text=True,
                              timeout=BUILD_S, check=False)
        assert done.returncode == 0, done.stderr
    return folder / "m3"


class House:
    """A vendor's keys and its application; `again` is a device that starts its first release."""

    def __init__(self, board, vendor=maker.VENDOR, class_id=maker.CLASS):
        self.first, self.second = suit.Signer(1), suit.Signer(2)
        images = [(board / f"application-dice-{i}.bin").read_bytes() for i in (0, 1)]
        self.release = maker.Release(images, vendor=vendor, class_id=class_id)
        self.keys = self.keyset()

    def keyset(self, sequence=1, floor=0):
        return suit.keyset(sequence, floor, [self.first, self.second], [self.first])

    def flash(self, image=None):
        release = self.release
        if image:
            release = dataclasses.replace(release, images=[image, image])
        content = maker.slot(release.envelope(self.first), release.images[0])
        return maker.flash(self.keys, {0: content}, release.vendor, release.class_id)

    def later(self, sequence, counter):
        images = [image + b"release %d" % sequence for image in self.release.images]
        return dataclasses.replace(self.release, images=images, sequence=sequence, counter=counter)


class Device:
    def __init__(self, board, folder, flash, secret=SECRET):
        self.board, self.folder = board, folder
        folder.mkdir(exist_ok=True)
        self.write("flash.bin", flash)
        self.write("secret.bin", secret)
        self.write("key.bin", KEY)
        self.write("nonce.bin", NONCE)

    def write(self, name, octets):
        (self.folder / name).write_bytes(octets)

    def read(self, name):
        return (self.folder / name).read_bytes()

    def power_on(self, say="start"):
        return subprocess.run(m3.command(self.board / "loader-dice.elf", *m3.FLASH, *m3.SECRET, say=say), cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def says(self, say, verdict="VALID", slot=None):
        """On its UART."""
        done = self.power_on(say)
        assert done.stdout.splitlines()[-1] == f"{say} {verdict}", done.stdout
        assert slot is None or done.stdout.startswith(f"application slot {slot} "), done.stdout

    def update(self, release, key):
        self.write("update.suit", release.envelope(key))
        for name, image in zip(release.names, release.images):
            self.write(name, image)

    def evidence(self):
        """What was measured, as the device certifies it and its alias says it."""
        self.says("evidence")
        claims = dice.open_signed(self.read("certificate.cbor"), dice.device_key(SECRET), dice.ALIAS)
        measured = claims[dice.MEASURED]
        alias = dice.alias_key(SECRET, measured)
        assert claims[dice.CONFIRMATION] == {1: dice.cose_key_of(alias)}
        said = dice.open_signed(self.read("evidence.cbor"), alias, dice.EVIDENCE)
        assert (said[dice.NONCE], said[dice.MEASURED]) == (NONCE, measured)
        return measured

    def opens(self):
        self.says("unseal")
        assert self.read("opened.bin") == KEY

    def does_not_open(self, verdict):
        (self.folder / "opened.bin").unlink(missing_ok=True)
        self.says("unseal", verdict)
        assert not (self.folder / "opened.bin").exists()


@pytest.fixture
def house(board):
    return House(board)


@pytest.fixture
def device(board, house, tmp_path):
    return Device(board, tmp_path / "device", house.flash())


# ---- what it is for ----------------------------------------------------------------------------


def test_what_is_measured_is_certified_and_the_alias_signs_evidence(house, device):
    measured = device.evidence()
    assert measured[1] == dice.sha256(house.release.images[0])
    assert measured[4] == dice.sha256((1).to_bytes(4, "big") + house.first.octets)
    assert (measured[7], measured[8], measured[10]) == (maker.VENDOR, maker.CLASS, dice.sha256(house.keys))


def test_what_is_sealed_opens_after_an_update(house, device):
    before = device.evidence()
    device.says("seal")
    *_, sealing = dice.sealings(SECRET, house.keys, maker.VENDOR, maker.CLASS)
    assert dice.open_sealed(sealing, device.read("sealed.bin")) == KEY
    device.opens()
    device.update(house.later(2, 2), house.second)
    device.says("install", slot=0)
    device.says("confirm", slot=1)
    device.opens()
    after = device.evidence()
    assert (before[2], after[2]) == (1, 2) and before[1] != after[1] and before[4] != after[4]


def test_code_that_is_not_the_devices_opens_nothing(board, house, device):
    """Of another signer, of another product, on another device: it runs, as its own factory let it in."""
    device.says("seal")
    foreign = House(board)
    vendor, product = House(board, vendor=b"vendor-of-others"), House(board, class_id=b"class-of-others.")
    for other in (vendor, product):
        other.first, other.keys = house.first, house.keys
    for flash, secret in ((foreign.flash(), SECRET), (vendor.flash(), SECRET), (product.flash(), SECRET),
                          (house.flash(), bytes(32))):
        device.write("flash.bin", flash)
        device.write("secret.bin", secret)
        device.does_not_open("BAD_SIGNATURE")
    device.write("flash.bin", house.flash())
    device.write("secret.bin", SECRET)
    device.opens()


def test_a_lower_floor_opens_nothing_that_a_higher_one_sealed(house, device):
    low = device.read("flash.bin")
    device.says("seal")
    at_low = device.read("sealed.bin")
    device.update(house.later(2, 2), house.second)
    device.says("install")
    device.says("confirm")
    device.write("keys.cbor", house.keyset(sequence=2, floor=2))
    device.says("keys")
    device.says("start")  # slot 0 starts by the first key no more
    device.opens()
    device.says("seal")
    at_high = device.read("sealed.bin")
    assert at_high[:5] == bytes([1, 0, 0, 0, 2]) and at_high != at_low
    device.opens()
    device.write("flash.bin", low)
    device.does_not_open("LOWER_FLOOR")
    device.write("sealed.bin", at_high[:4] + b"\0" + at_high[5:])
    device.does_not_open("BAD_SIGNATURE")


def test_what_is_refused_is_not_measured(house, device):
    flash = bytearray(house.flash())
    flash[maker.ENVELOPE_N + 100] ^= 1
    device.write("flash.bin", bytes(flash))
    assert device.power_on().stdout == "refused WRONG_IMAGE\n"


# ---- what is left ------------------------------------------------------------------------------


PIECE_N = 12


def pieces(octets):
    return {octets[i:i + PIECE_N] for i in range(len(octets) - PIECE_N + 1)}


def turned(octets):
    """As a core whose lowest octet comes first keeps words that came the other way."""
    return b"".join(octets[i:i + 4][::-1] for i in range(0, len(octets), 4))


def limbs(octets):
    """As BearSSL keeps numbers: 15 bits in each 16, the lowest first."""
    number = int.from_bytes(octets, "big")
    return b"".join((number >> at & 0x7fff).to_bytes(2, "little") for at in range(0, 8 * len(octets), 15))


def forms(octets):
    """Pieces of the ways in which a secret may lie there."""
    return pieces(octets).union(pieces(limbs(octets)), *(pieces(turned(octets[i:i + 28])) for i in range(4)))


def test_nothing_of_the_loaders_secrets_is_left(board, house, device):
    measured = device.evidence()
    image = (board / "look.bin").read_bytes()
    device.write("flash.bin", house.flash(image))
    assert device.power_on().returncode == 0
    ram, measured[1] = device.read("ram.bin"), dice.sha256(image)
    attestation, device_secret = dice.attestation_of(SECRET, measured), dice.derive(SECRET, b"", b"troth device")
    *higher, sealing = dice.sealings(SECRET, house.keys, maker.VENDOR, maker.CLASS)
    alias, own = (dice.scalar_of(key).to_bytes(32, "big") for key in (dice.key_of(attestation), dice.key_of(device_secret)))
    at = [ram.index(alias), ram.index(sealing)]  # where they are handed over
    rest = ram[:min(at)] + ram[min(at) + 32:max(at)] + ram[max(at) + 32:]
    left = pieces(rest)
    for secret in (SECRET, attestation, device_secret, own, alias, sealing, *higher):
        assert left.isdisjoint(forms(secret))
    assert device.read("place.bin") == bytes(32)


# ---- in constant time --------------------------------------------------------------------------


def symbol(elf, name):
    for line in lab.run("arm-none-eabi-nm", str(elf)).stdout.splitlines():
        at, _, found = line.split()
        if found == name:
            return int(at, 16)
    raise AssertionError(f"no {name} in {elf}")


def scalar_whose_nonce_has_zeroes(bits):
    """BearSSL's own way from octets to a number shows them: device/boot/adapters/bearssl_bits.c."""
    scalar = int.from_bytes(os.urandom(16), "big") + 1
    while dice.nonce_of(scalar, bytes(32)) >> (256 - bits) != 0:
        scalar += 1
    return scalar


def scalars():
    """Private keys: the least, the greatest, few bits, and those whose signature has a short nonce."""
    fixed = [1, 2, dice.ORDER - 1, 1 << 255, 0xff]
    return fixed + [scalar_whose_nonce_has_zeroes(bits) for bits in (2, 9, 17)]


def secrets():
    """Device's secret, private key and text of each run."""
    rows = [(bytes(32), 1, bytes(32)), (b"\xff" * 32, dice.ORDER - 1, b"\xff" * 32)]
    rows += [(os.urandom(32), scalar, os.urandom(32)) for scalar in scalars()]
    return [device + scalar.to_bytes(32, "big") + text for device, scalar, text in rows]


class Trace:
    def __init__(self, elf, folder, octets):
        plugin = lab.program("tests/scenario/probe/trace-plugin.so")
        ends = f"begin={symbol(elf, 'dice_cost_begin')},end={symbol(elf, 'dice_cost_end')}"
        (folder / "secrets.bin").write_bytes(octets)
        done = subprocess.run(m3.command(elf, *m3.COUNTED, "-plugin", f"{plugin},{ends},out=trace"), cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        whole, *places = (folder / "trace").read_text().splitlines()
        self.n, self.hash = int(whole.split()[0]), whole.split()[1]
        assert (folder / "signature.bin").read_bytes() == dice.sign(int.from_bytes(octets[32:64], "big"), bytes(32))
        self.said, self.places = done.stdout, {int(line.split()[0], 16): line for line in places}

    def difference(self, other):
        """Addresses of instructions that ran another number of times, or elsewhere touched memory."""
        places = self.places.keys() | other.places.keys()
        return sorted(f"{at:#x}" for at in places if self.places.get(at) != other.places.get(at))


def test_other_secrets_take_the_same_way_over_the_same_addresses(board, tmp_path):
    """Every instruction and every address in its order, of deriving, certifying, evidence, sealing and opening."""
    elf = board / "dice-cost.elf"
    first, *others = [Trace(elf, tmp_path, octets) for octets in secrets()]
    assert len(others) >= SECRETS_N - 1 and first.n > 20_000_000
    for other in others:
        assert first.difference(other) == []
        assert (other.n, other.hash, other.said) == (first.n, first.hash, first.said)


def test_no_instruction_on_the_way_takes_as_long_as_its_operands_ask_for(board, tmp_path):
    elf = board / "dice-cost.elf"
    ran = Trace(elf, tmp_path, secrets()[0]).places.keys()
    function, found, multiplications = "", [], 0
    for line in lab.run("arm-none-eabi-objdump", "-d", str(elf)).stdout.splitlines():
        name = re.match(r"^[0-9a-f]+ <(.+)>:$", line)
        function = name.group(1) if name else function
        match = re.match(r"^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)", line)
        if match and int(match.group(1), 16) in ran:
            multiplications += match.group(2).startswith(("mul", "mla"))
            if VARIABLE.match(match.group(2)):
                found.append(f"{function} at {match.group(1)}: {match.group(2)}")
    assert multiplications > 100
    assert found == []
