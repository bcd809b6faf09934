"""One wrong turn in the boot loader: each conditional branch, and each condition of an IT block, is turned around once in
the image (device/boot/m3, emulated), and it is given what it must refuse. It may crash, hang or refuse; it may not start
it. Short runs take some of the branches; TROTH_LONG=1 takes all (script/test --long)."""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import board_maker as maker
import lab
import m3
import suit

TURNED_MAX = 25  # of a case, in a short run
HANG_CPU_S = 2  # some 25 times what a start takes; of the processor, which others may keep busy
WAIT_S = 300
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f]{4}(?: [0-9a-f]{4})?)\s+\t(\S+)")
BRANCH = re.compile(r"^(b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(\.[nw])?|cbn?z|it[te]{0,3})$")


@dataclasses.dataclass
class Turn:
    """An instruction, and its first half when it decides the other way."""

    at: int
    half: int
    function: str


def turned(half, mnemonic):
    """Armv7-M A7.7: B T1 and T3, CBZ, IT."""
    if mnemonic.startswith("cb"):
        return half ^ 0x0800
    if mnemonic.startswith("it"):
        last = half & -half & 15
        return half ^ 0x10 ^ (15 & ~(2 * last - 1))  # the condition, and each `then` with it
    return half ^ (0x0040 if half >= 0xf000 else 0x0100)


def turns_of(elf):
    function, found = "", []
    for line in lab.run("arm-none-eabi-objdump", "-d", str(elf)).stdout.splitlines():
        name = re.match(r"^[0-9a-f]+ <(.+)>:$", line)
        function = name.group(1) if name else function
        match = INSTRUCTION.match(line)
        if match and BRANCH.match(match.group(3)):
            half = int(match.group(2)[:4], 16)
            found.append(Turn(int(match.group(1), 16), turned(half, match.group(3)), function))
    return found


class Loader:
    """The image, and a run of it with one of its instructions turned."""

    def __init__(self, folder):
        lab.run(str(lab.SOURCE / "device" / "boot" / "m3" / "build"), str(folder))
        self.folder, self.elf = folder, folder / "loader.elf"
        self.octets = self.elf.read_bytes()
        self.turns = turns_of(self.elf)
        text = re.search(r"LOAD\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)",
                         lab.run("arm-none-eabi-readelf", "-lW", str(self.elf)).stdout)
        self.offset = int(text.group(1), 16) - int(text.group(2), 16)

    def images(self):
        return [(self.folder / f"application-{i}.bin").read_bytes() for i in (0, 1)]

    def start(self, folder, elf, *options):
        limited = ["prlimit", f"--cpu={HANG_CPU_S}", *m3.command(elf, *options, *m3.FLASH)]
        return subprocess.run(limited, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=WAIT_S, check=False).stdout

    def reached(self, folder):
        """The branches that a run comes to: what QEMU translated."""
        self.start(folder, self.elf, "-d", "in_asm", "-D", str(folder / "log"))
        log = (folder / "log").read_text()
        seen = {int(word, 16) for word in re.findall(r"^0x([0-9a-f]+):", log, re.M)}
        return [turn for turn in self.turns if turn.at in seen]

    def start_turned(self, case, turn, flash):
        """In a folder of its own, as a run writes its flash back."""
        folder = case / f"{turn.at:x}"
        folder.mkdir()
        (folder / "flash.bin").write_bytes(flash)
        at = self.offset + turn.at
        elf = folder / "turned.elf"
        elf.write_bytes(self.octets[:at] + turn.half.to_bytes(2, "little") + self.octets[at + 2:])
        said = self.start(folder, elf)
        shutil.rmtree(folder)
        return said


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    return Loader(tmp_path_factory.mktemp("m3"))


def flipped(octets, at):
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]


class Factory:
    """Flash images that must not start, by name."""

    def __init__(self, loader):
        self.first, self.second = suit.Signer(1), maker.Lms(2)
        self.release = maker.Release(loader.images())

    def flash(self, envelope=None, image=None, floor=0, release=1):
        wanted = {suit.USE_KEYSET: 1, suit.USE_RELEASE: release}
        keys = suit.keyset(1, floor, [self.first, self.second], [self.first], wanted)
        slot = maker.slot(envelope or self.release.envelope(self.first), image or self.release.images[0])
        return maker.flash(keys, {0: slot})

    def forged(self, key):
        envelope = self.release.envelope(key)
        return self.flash(flipped(envelope, envelope.index(self.release.manifest()) - 20))

    def kept(self, *halves, copy=b"", **flash):
        """On a device whose journal has these records in its halves, and a first copy of a key set."""
        octets = bytearray(self.flash(**flash))
        keys = b"TOBJ" + len(copy).to_bytes(4, "little") + copy if copy else b""
        for at, content in [*((maker.STATE_AT + i * maker.BLOCK, half) for i, half in enumerate(halves)),
                            (maker.STATE_AT + 2 * maker.BLOCK, keys)]:
            octets[at:at + len(content)] = content
        return bytes(octets)

    def without_first(self):
        """The set that follows: the first key is given up, though not by the floor."""
        return suit.keyset(2, 0, [self.second], [self.second], {suit.USE_KEYSET: 1, suit.USE_RELEASE: 1})

    def case(self, name):
        release, first = self.release, self.first
        return {
            "none": self.flash,
            "ecdsa-signature": lambda: self.forged(first),
            "lms-signature": lambda: self.forged(self.second),
            "manifest": lambda: self.flash(flipped(release.envelope(first), len(release.envelope(first)) - 4)),
            "image": lambda: self.flash(image=flipped(release.images[0], 100)),
            "counter": lambda: self.kept(record(1) + record(2, counter=9)),
            "counter-in-second-half": lambda: self.kept(record(1) + record(2), record(3, counter=9)),
            "counter-in-first-half": lambda: self.kept(record(3) + record(4, counter=9), record(1) + record(2)),
            "kept-floor": lambda: self.kept(record(1), record(2, key_floor=2)),
            "kept-format": lambda: self.kept(record(1), record(2, data_format=5)),
            "kept-keys": lambda: self.kept(record(1), record(2, keys=1), copy=self.without_first()),
            "floor": lambda: self.flash(floor=2),
            "signers": lambda: self.flash(release=2),
            "vendor": lambda: self.flash(dataclasses.replace(release, vendor=b"vendor-of-others").envelope(first)),
            "class": lambda: self.flash(dataclasses.replace(release, class_id=b"class-of-others.").envelope(first)),
            "device": lambda: self.flash(dataclasses.replace(release, device=b"device-number-02").envelope(first)),
        }[name]()


def record(number, keys=0, key_floor=0, counter=0, data_format=0):
    """As device/boot/state.c writes it: a body and half of its SHA-256."""
    body = b"TRB1" + number.to_bytes(4, "little") + bytes([0, 0xff, 0, keys]) + bytes(4)
    for member in (key_floor, counter, 0, data_format):
        body += member.to_bytes(4, "little")
    body += bytes(8)
    return body + suit.digest(body)[1][:16]


def some(turns):
    """All, or as many as a short run takes, spread over all of them."""
    if os.environ.get("TROTH_LONG") == "1":
        return turns
    return turns[::len(turns) // TURNED_MAX + 1]


def test_what_is_signed_starts(loader, tmp_path):
    (tmp_path / "flash.bin").write_bytes(Factory(loader).case("none"))
    assert "application slot 0" in loader.start(tmp_path, loader.elf)


REFUSED = ["ecdsa-signature", "lms-signature", "manifest", "image", "floor", "signers", "vendor", "class", "device",
           "counter", "counter-in-second-half", "counter-in-first-half", "kept-floor", "kept-format", "kept-keys"]


@pytest.mark.parametrize("name", REFUSED)
def test_no_single_wrong_turn_starts_what_is_refused(loader, tmp_path, name):
    flash = Factory(loader).case(name)
    (tmp_path / "flash.bin").write_bytes(flash)
    assert "refused" in loader.start(tmp_path, loader.elf)
    (tmp_path / "flash.bin").write_bytes(flash)
    turns = some(loader.reached(tmp_path))
    case = pathlib.Path(tmp_path / "turned")
    case.mkdir()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda turn: loader.start_turned(case, turn, flash), turns))
    assert sum("refused" in one for one in said) > len(said) // 4  # it was run
    assert [f"{turn.function} at {turn.at:#x}" for turn, one in zip(turns, said) if "application" in one] == []
