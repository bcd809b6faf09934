"""The examples of docs/devices.md: compiled as they stand, on envelopes that nothing of ours made."""

import subprocess

import pytest

import lab
import suit

VENDOR, CLASS = bytes(range(16)), bytes(range(16, 32))

@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A key set, an image and its envelope, as files."""
    folder = tmp_path_factory.mktemp("release")
    old, new = suit.Signer(1), suit.Signer(2)
    image = bytes(n * 7 % 251 for n in range(5000))
    (folder / "image").write_bytes(image)
    (folder / "set").write_bytes(suit.keyset(3, 2, [old, new], [new]))
    for name, signers in (("good", [new]), ("old-key", [old]), ("foreign", [suit.Signer(2)]), ("unsigned", [])):
        (folder / name).write_bytes(suit.envelope(suit.manifest(image, VENDOR, CLASS), signers))
    return folder


def judge(folder, envelope="good", image="image", vendor=VENDOR, class_id=CLASS):
    done = subprocess.run([lab.BUILD / "device/examples/manifest/manifest-example", folder / "set", folder / envelope,
                           folder / image, vendor.hex(), class_id.hex()], stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout.split(":")[0]


def test_a_release_for_this_device_is_valid(release):
    assert judge(release) == (0, "VALID")


@pytest.mark.parametrize("envelope, verdict", [("old-key", "BELOW_FLOOR"), ("foreign", "BAD_SIGNATURE"),
                                               ("unsigned", "UNSIGNED")])
def test_whose_signature_does_not_count_is_refused(release, envelope, verdict):
    assert judge(release, envelope) == (1, verdict)


def test_another_device_and_another_image_are_refused(release):
    (release / "changed").write_bytes((release / "image").read_bytes()[:-1] + b"!")
    (release / "short").write_bytes((release / "image").read_bytes()[:-1])
    assert judge(release, vendor=CLASS) == (1, "WRONG_VENDOR")
    assert judge(release, class_id=VENDOR) == (1, "WRONG_CLASS")
    assert judge(release, image="changed") == (1, "WRONG_IMAGE")
    assert judge(release, image="short") == (1, "WRONG_SIZE")


def test_every_octet_of_the_envelope_counts(release):
    good = (release / "good").read_bytes()
    for at in range(0, len(good), 3):
        (release / "flipped").write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
        assert judge(release, "flipped")[0] == 1, f"octet {at}"


def test_the_loader_links_for_a_cortex_m3_and_asks_for_the_board_alone(tmp_path):
    """device/examples/loader: with boot core and verifier, what is left open is what docs/devices.md says a board brings."""
    sources = [lab.SOURCE / "device/examples/loader/loader.c"]
    for folder in ("device/boot", "device/verifier", "wire"):
        sources += sorted((lab.SOURCE / folder).glob("*.c"))
    flags = ["-mcpu=cortex-m3", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Werror",
             "-ffunction-sections", "-fdata-sections"]
    includes = [f"-I{lab.SOURCE / folder}" for folder in ("device/boot/include", "device/verifier/include", "wire/include")]
    out = tmp_path / "loader.o"
    subprocess.run(["arm-none-eabi-gcc", *flags, *includes, "-nostdlib", "-r", "-Wl,--gc-sections,--entry=loader",
                    *map(str, sources), "-o", out], check=True)
    lines = subprocess.run(["arm-none-eabi-nm", "-u", out], check=True, stdout=subprocess.PIPE, text=True).stdout
    wanted = {line.split()[-1] for line in lines.splitlines()}
    board = {name for name in wanted if name.startswith(("board_", "first_keys"))}
    assert board == {"board_erase", "board_write", "board_map", "board_jump", "board_halt", "first_keys", "first_keys_n"}
    assert {name for name in wanted - board if not name.startswith("__aeabi_")} <= {"memcpy", "memset", "memcmp", "memmove"}
