"""The boot loader on an emulated Cortex-M3 (device/boot/m3, QEMU mps2-an385): what it starts, what it refuses, and that
the flash it leaves is the one that the same boot core leaves on this machine. What it is given is made by cbor2 and
cryptography (board_maker.py)."""

import dataclasses
import shutil
import subprocess

import pytest

import lab
import board_maker as maker
import m3
import suit

STARTED, REFUSED = 0, 5


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The folder with the loader and its applications."""
    folder = tmp_path_factory.mktemp("m3")
    lab.run(str(lab.SOURCE / "device" / "boot" / "m3" / "build"), str(folder))
    return folder


class Device:
    """Its flash is a file that the emulated core and this machine's boot core each have a copy of."""

    def __init__(self, board, folder, flash):
        self.board = board
        self.sides = [folder / "core", folder / "host"]
        for side in self.sides:
            side.mkdir(parents=True)
        self.write("flash.bin", flash)

    def write(self, name, octets):
        for side in self.sides:
            (side / name).write_bytes(octets)

    @property
    def flash(self):
        return (self.sides[0] / "flash.bin").read_bytes()

    def core(self, command):
        return subprocess.run(m3.command(self.board / "loader.elf", *m3.FLASH, say=command), cwd=self.sides[0],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def power_on(self, command="start"):
        """Both sides: they say and leave the same. The lines, and the exit code."""
        core = self.core(command)
        host = subprocess.run([lab.program("device/boot/sim/boot-steps"), command], cwd=self.sides[1],
                              capture_output=True, text=True, timeout=60, check=False)
        assert (core.stdout, core.returncode) == (host.stdout, host.returncode), core.stderr
        assert self.flash == (self.sides[1] / "flash.bin").read_bytes()
        return core.stdout.splitlines(), core.returncode

    def is_refused(self, verdict):
        assert self.power_on() == ([f"refused {verdict}"], REFUSED)

    def starts(self, command="start", verdict="VALID", **wanted):
        """It runs, is what was wanted, and the command has that verdict."""
        lines, status = self.power_on(command)
        assert status == STARTED, lines
        words = lines[0].split()[1:]
        seen = dict(zip(words[::2], words[1::2]))
        assert {name: seen[name] for name in wanted} == {name: str(value) for name, value in wanted.items()}
        assert lines[1] == f"{command} {verdict}"

    def update(self, release, envelope):
        self.write("update.suit", envelope)
        for name, image in zip(release.names, release.images):
            self.write(name, image)


class House:
    """A vendor: two release keys, and one that nobody knows."""

    def __init__(self, board, folder):
        self.board, self.folder = board, folder
        self.first, self.second, self.foreign = suit.Signer(1), maker.Lms(2), suit.Signer(3)
        self.keys = self.keyset()
        images = [(board / f"application-{i}.bin").read_bytes() for i in (0, 1)]
        self.release = maker.Release(images)

    def keyset(self, sequence=1, floor=0, release=1):
        wanted = {suit.USE_KEYSET: 1, suit.USE_RELEASE: release}
        return suit.keyset(sequence, floor, [self.first, self.second], [self.first], wanted)

    def device(self, envelope=None, keys=None, image=None):
        """With a release in slot 0; slot 1 is empty."""
        content = maker.slot(envelope or self.release.envelope(self.first), image or self.release.images[0])
        return Device(self.board, self.folder / "device", maker.flash(keys or self.keys, {0: content}))

    def later(self, sequence, counter):
        """Another release of the same application, so that its images differ."""
        images = [image + b"release %d" % sequence for image in self.release.images]
        return dataclasses.replace(self.release, images=images, sequence=sequence, counter=counter)


@pytest.fixture
def house(board, tmp_path):
    return House(board, tmp_path)


# ---- what starts -------------------------------------------------------------------------------


def test_what_an_ecdsa_key_signed_starts(house):
    house.device().starts(slot=0, sequence=1, counter=1, signers=1, trial=0)


@pytest.mark.parametrize("n", [24, 32])
def test_what_an_lms_key_signed_starts(house, n):
    house.second = maker.Lms(2, n)
    house.device(house.release.envelope(house.second), house.keyset()).starts(slot=0, signers=2)


def test_two_of_two_have_to_sign(house):
    keys = house.keyset(release=2)
    house.device(house.release.envelope(house.first, house.second), keys).starts(signers=3)
    shutil.rmtree(house.folder / "device")
    house.device(house.release.envelope(house.first), keys).is_refused("TOO_FEW_SIGNERS")


def test_one_that_is_for_this_very_device_starts(house):
    mine = dataclasses.replace(house.release, device=maker.DEVICE)
    house.device(mine.envelope(house.first)).starts(slot=0)


# ---- what does not -----------------------------------------------------------------------------


def flipped(octets, at):
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]


@pytest.mark.parametrize("at", [0, 1000, -1])
def test_a_tampered_image_is_refused(house, at):
    image = house.release.images[0]
    house.device(image=flipped(image, at % len(image))).is_refused("WRONG_IMAGE")


def test_a_tampered_manifest_is_refused(house):
    envelope = house.release.envelope(house.first)
    house.device(flipped(envelope, envelope.index(b"application-0"))).is_refused("WRONG_DIGEST")


def test_a_tampered_signature_is_refused(house):
    for key in (house.first, house.second):
        envelope = house.release.envelope(key)
        device = house.device(flipped(envelope, envelope.index(house.release.manifest()) - 20))
        device.is_refused("BAD_SIGNATURE")
        shutil.rmtree(house.folder / "device")


def test_an_unknown_key_is_refused(house):
    house.device(house.release.envelope(house.foreign)).is_refused("BAD_SIGNATURE")


def test_a_manifest_that_does_not_ask_for_the_image_starts_nothing(house):
    """Nobody has to sign that the digest is compared: a boot loader does it, or does not start."""
    class Blind(maker.Release):
        def manifest(self):
            members = suit.cbor2.loads(super().manifest())
            return suit.dumps({**members, suit.VALIDATE: suit.commands(5, 15)})
    blind = Blind(house.release.images)
    house.device(blind.envelope(house.first)).is_refused("MISSING")


@pytest.mark.parametrize("what, verdict", [
    ({"vendor": b"vendor-of-others"}, "WRONG_VENDOR"), ({"class_id": b"class-of-others."}, "WRONG_CLASS"),
    ({"device": b"device-number-02"}, "OTHER_DEVICE")])
def test_what_is_for_another_device_is_refused(house, what, verdict):
    other = dataclasses.replace(house.release, **what)
    house.device(other.envelope(house.first)).is_refused(verdict)


def test_a_key_below_the_floor_is_refused(house):
    keys = house.keyset(floor=2)
    house.device(keys=keys).is_refused("BELOW_FLOOR")


def test_empty_flash_is_refused(house):
    device = house.device()
    device.write("flash.bin", b"\xff" * maker.FLASH_N)
    device.is_refused("MALFORMED")


# ---- over power cycles -------------------------------------------------------------------------


def updated(house, key=None):
    """From the first release to the second, which is confirmed."""
    device, second = house.device(), house.later(2, 2)
    device.update(second, second.envelope(key or house.first))
    device.starts("install", sequence=1)
    device.starts("confirm", slot=1, sequence=2, trial=1)
    return device


def test_an_update_is_tried_and_confirmed(house):
    updated(house).starts(slot=1, sequence=2, trial=0)


def test_an_update_that_nobody_confirms_is_left(house):
    device, second = house.device(), house.later(2, 2)
    device.update(second, second.envelope(house.second))
    device.starts("install", sequence=1)
    device.starts(slot=1, sequence=2, trial=1)
    device.starts(slot=0, sequence=1, trial=0)
    device.starts(slot=0, sequence=1, trial=0)


def test_what_is_older_does_not_install(house):
    device = updated(house)
    for old, verdict in ((house.release, "OLDER_SEQUENCE"), (house.later(3, 1), "OLDER_COUNTER")):
        device.update(old, old.envelope(house.first))
        device.starts("install", verdict, slot=1)


def test_what_is_below_a_confirmed_counter_never_starts_again(house):
    """Neither from the slot where it was, nor put over what runs."""
    device = updated(house)
    old = maker.slot(house.release.envelope(house.first), house.release.images[1])
    device.write("flash.bin", device.flash[:maker.SLOT_N] + old + device.flash[2 * maker.SLOT_N:])
    device.is_refused("OLDER_COUNTER")


def test_a_bad_update_leaves_what_runs(house):
    device, second = house.device(), house.later(2, 2)
    device.update(second, second.envelope(house.foreign))
    device.starts("install", "BAD_SIGNATURE", slot=0)
    wrong = dataclasses.replace(second, images=[flipped(image, 5) for image in second.images])
    device.update(wrong, second.envelope(house.first))
    device.starts("install", "WRONG_IMAGE", slot=0)
    device.starts(slot=0, sequence=1, trial=0)


def test_a_key_that_is_given_up_signs_nothing_more(house):
    """The set waits while a slot would not start by it; then the first key is below the floor for ever."""
    device = updated(house, house.second)
    device.write("keys.cbor", house.keyset(sequence=2, floor=2))
    device.starts("keys", keys=1)
    device.starts(keys=2)
    third = house.later(3, 3)
    device.update(third, third.envelope(house.first))
    device.starts("install", "BELOW_FLOOR", slot=1)
    device.update(third, third.envelope(house.second))
    device.starts("install", slot=1)
    device.starts("confirm", slot=0, sequence=3, keys=2)
