"""A root whose key is in shares and nowhere else: `trothd ceremony`, with what openssl says of all that it signs, and
with the shares put together by a few lines of Python from what the decision page says of them."""

import base64
import hashlib
import itertools
import os
import re
import shutil
import subprocess

import lab
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

URL = "http://pki.example.com"
CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}


# ---- shares, without us ------------------------------------------------------------------------


def letters(octets):
    text = base64.b32encode(octets).decode().rstrip("=")
    return " ".join(text[at:at + 4] for at in range(0, len(text), 4))


def unpack(text):
    """(set, needed, of, x, octets) of a share as it is printed."""
    whole = b""
    for line in text.splitlines():
        if not line.startswith("#"):
            data = "".join(line.split()[1:])[:-4]
            whole += base64.b32decode(data + "=" * (-len(data) % 8))
    length = whole[14]
    return whole[1:11], whole[11], whole[12], whole[13], whole[15:15 + length]


def pack(group, needed, of, x, octets):
    """The same, written: whoever changes a share can make its checksums right again."""
    head = group + bytes([needed, of, x, len(octets)])
    whole = b"\1" + head + octets + hashlib.sha256(b"troth-share-1\n" + head + octets).digest()[:5]
    lines = []
    for number, at in enumerate(range(0, len(whole), 10), 1):
        line = whole[at:at + 10]
        check = hashlib.sha256(b"troth-share-line-1\n" + bytes([number]) + line).digest()
        lines.append(f"{number}  {letters(line)}  {letters(check)[:4]}\n")
    return "".join(lines)


def times(a, b):
    """In GF(256), modulo x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11b if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if times(a, b) == 1)


def join(shares):
    """The number that the shares (x, octets) are."""
    octets = bytearray(len(shares[0][1]))
    for x, values in shares:
        weight = 1
        for other, _ in shares:
            if other != x:
                weight = times(weight, times(other, inverse(other ^ x)))
        for at, value in enumerate(values):
            octets[at] ^= times(weight, value)
    return int.from_bytes(octets, "big")


# ---- a ceremony ----------------------------------------------------------------------------------


class Ceremony:
    """A public folder, and a stick for each share."""

    def __init__(self, folder, of=5, needed=3, kind="p256"):
        self.base, self.needed, self.kind = folder, needed, kind
        self.folder = folder / "public"
        self.sticks = [folder / f"stick-{number}" for number in range(1, of + 1)]
        for stick in self.sticks:
            stick.mkdir(parents=True)

    def run(self, verb, *words, **environment):
        return lab.run(lab.program("trothd"), "ceremony", verb, str(self.folder), *map(str, words), check=False,
                       env={**os.environ, **environment})

    def begin(self, **environment):
        return self.run("begin", *self.sticks, "--needed", self.needed, "--url", URL, "--present", "Ada, Grace",
                        "--root-key-type", self.kind, **environment)

    def share(self, number):
        """The one file on a stick."""
        file, = self.sticks[number - 1].iterdir()
        return file

    def shares(self, numbers):
        return [self.share(number) for number in numbers]

    def restore(self, numbers, **environment):
        return self.run("restore-test", *self.shares(numbers), "--present", "Ada, Grace, Edsger", **environment)

    def sign(self, request, numbers, **environment):
        return self.run("sign-issuer", request, *self.shares(numbers), "--present", "Ada, Grace", **environment)

    def witness(self, name):
        file = self.base / f"{name}.key"
        file.write_bytes(lab.key_pem(lab.make_key()))
        file.chmod(0o600)
        return self.run("witness", "--name", name, "--key", file)

    def verify(self, witnesses=0):
        return self.run("verify", "--witnesses", witnesses)

    @property
    def transcript(self):
        return self.folder / "transcript.txt"

    @property
    def root(self):
        return x509.load_pem_x509_certificate((self.folder / "root.pem").read_bytes())

    def state(self):
        """All that is public, to see that nothing changed."""
        return {str(path): path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}


@pytest.fixture
def begun(tmp_path):
    ceremony = Ceremony(tmp_path)
    ok(ceremony.begin())
    return ceremony


@pytest.fixture
def tested(begun):
    ok(begun.restore([1, 2, 3]))
    return begun


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expect(done, code, said):
    assert f"E{code} " in done.stderr and said in done.stderr, done.stderr
    assert done.returncode != 0


def issuer_request(folder, name="Troth LDevID Issuer 00000001"):
    key, request = folder / "issuer.key", folder / f"{name[-8:]}.csr"
    lab.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
    lab.openssl("req", "-new", "-key", str(key), "-subj", f"/CN={name}", "-addext",
                "basicConstraints=critical,CA:true,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-out", str(request))
    return request


def kill_shim(folder):
    shim = folder / "kill.so"
    lab.run("cc", "-shared", "-fPIC", "-o", str(shim), str(lab.SOURCE / "tests" / "scenario" / "fault" / "kill.c"))
    first = lab.run("cc", "-print-file-name=libasan.so").stdout.strip() if lab.SANITIZED else ""
    return {"LD_PRELOAD": f"{first} {shim}".strip()}


def steps_of(folder, run, shim):
    """How many changes of the disk it makes."""
    log = folder / "steps"
    log.unlink(missing_ok=True)
    ok(run(KILL_LOG=str(log), **shim))
    return len(log.read_text().splitlines())


# ---- what it is for ------------------------------------------------------------------------------


def test_a_server_serves_below_a_root_in_shares(tmp_path):
    """Requests of the server's, signed offline by three of five, accepted; a device enrols, openssl verifies."""
    ceremony, server, signed = Ceremony(tmp_path / "safe", kind="p384"), lab.Server(tmp_path / "troth"), tmp_path / "cer"
    config = ["--config", str(server.config_file)]
    signed.mkdir()
    server.write_config()
    lab.run(lab.program("trothd"), "init", "--csr-only", *config)
    ok(ceremony.begin())
    ok(ceremony.restore([1, 3, 5]))
    for name, numbers in {"idevid": [1, 2, 3], "ldevid": [3, 4, 5], "operations": [5, 2, 1, 4]}.items():
        said = ok(ceremony.sign(server.folder / f"data/csr/{name}.csr", numbers))
        shutil.copy(re.search(r"certificate is (\S+)\.\n", said)[1], signed / f"{name}.cer")
    shutil.copy(ceremony.folder / "root.pem", signed / "root.cer")
    ok(ceremony.witness("Barbara"))
    assert "issuers       3\n" in ok(ceremony.verify(witnesses=1))
    lab.run(lab.program("trothd"), "init", "--accept", str(signed), *config)
    for crl in (ceremony.folder / "crl").iterdir():
        shutil.copy(crl, server.folder / "public" / "crl")
    try:
        server.start().bootstrap().add_product("pump")
        server.first.import_devices("pump", {"X-1": None})
        key, token = lab.make_key(), server.first.post("/tokens", {"product": "pump", "serial": "X-1"}).ok()["token"]
        leaf = lab.Device(server, "pump").enrol(lab.make_csr(key, "X-1"), basic=("X-1", token)).certificates()[0]
        issuer = x509.load_pem_x509_certificate((signed / "ldevid.cer").read_bytes())
        lab.openssl_verify(server, leaf, issuer)
        assert server.plain("/crl/1-0-0.crl").body == (ceremony.folder / "crl/root-1.crl").read_bytes()
        server.stop_and_audit()
    finally:
        server.kill()


@pytest.mark.parametrize("kind", CURVES)
def test_any_three_of_five_are_the_key_without_us(tmp_path, kind):
    ceremony = Ceremony(tmp_path, kind=kind)
    ok(ceremony.begin())
    parts = [unpack(ceremony.share(number).read_text()) for number in range(1, 6)]
    assert {part[:3] for part in parts} == {(parts[0][0], 3, 5)}
    wanted = ceremony.root.public_key().public_numbers()
    for three in itertools.combinations(parts, 3):
        number = join([(part[3], part[4]) for part in three])
        assert ec.derive_private_key(number, CURVES[kind]).public_key().public_numbers() == wanted
    two = join([(part[3], part[4]) for part in parts[:2]])
    assert not 0 < two < 2 ** 255 or ec.derive_private_key(two, CURVES[kind]).public_key().public_numbers() != wanted
    secret = join([(part[3], part[4]) for part in parts[:3]]).to_bytes(len(parts[0][4]), "big")
    ok(ceremony.restore([1, 2, 3]))
    for name, octets in ceremony.state().items():  # in no public file, in no form that is plain
        for octets_of in [secret, *(part[4] for part in parts)]:
            assert octets_of not in octets and octets_of.hex().encode() not in octets, name
            assert base64.b64encode(octets_of)[:-4] not in octets, name


def test_openssl_verifies_root_and_every_crl_for_years_ahead(tested):
    root = tested.folder / "root.pem"
    lab.openssl("verify", "-x509_strict", "-CAfile", str(root), str(root))
    crls = []
    for number in range(1, 22):
        path = tested.folder / "crl" / f"root-{number}.crl"
        done = lab.openssl("crl", "-inform", "DER", "-in", str(path), "-CAfile", str(root), "-noout")
        assert "verify OK" in done.stderr + done.stdout
        crls.append(x509.load_der_x509_crl(path.read_bytes()))
    for before, after in itertools.pairwise(crls):
        assert before.last_update < after.last_update < before.next_update < after.next_update
    assert (crls[-1].next_update - crls[0].last_update).days > 3650
    assert all(len(crl) == 0 for crl in crls)


def test_a_share_as_somebody_types_it_is_taken(begun):
    file = begun.base / "typed"
    lines = [line for line in begun.share(2).read_text().splitlines() if not line.startswith("#")]
    file.write_text("".join(f"{line[0]}-{line[1:].replace(' ', '').lower().replace('o', '0')}\r\n" for line in lines))
    file.chmod(0o600)
    ok(begun.run("restore-test", file, begun.share(4), begun.share(5), "--present", "Ada"))
    assert "a test restore had 2 4 5\n" in ok(begun.verify())


def test_witnesses_sign_what_was_done_and_no_more(tested):
    assert "wanted 1" in tested.verify(witnesses=1).stderr
    ok(tested.witness("Grace"))
    ok(tested.witness("Edsger"))
    said = ok(tested.verify(witnesses=2))
    assert "witness       Grace, key sha256:" in said and "witness       Edsger, key sha256:" in said
    expect(tested.verify(witnesses=3), 6033, "2 witnesses signed what was done last, wanted 3")
    ok(tested.sign(issuer_request(tested.base), [1, 2, 3]))
    expect(tested.verify(witnesses=1), 6033, "0 witnesses signed what was done last, wanted 1")


# ---- out of order --------------------------------------------------------------------------------


def test_nothing_is_signed_before_a_test_restore(begun):
    before = begun.state()
    expect(begun.sign(issuer_request(begun.base), [1, 2, 3]), 6033, "ceremony restore-test")
    assert begun.state() == before
    assert not (begun.folder / "crl").exists()
    assert "a test restore had none yet" in ok(begun.verify())


def test_a_ceremony_begins_once(begun):
    before, sticks = begun.state(), [begun.share(number).read_bytes() for number in range(1, 6)]
    expect(begun.begin(), 6033, "has a transcript: it is begun")
    assert begun.state() == before and [begun.share(number).read_bytes() for number in range(1, 6)] == sticks


def test_a_beginning_that_cannot_be_is_refused_and_leaves_nothing(tmp_path):
    ceremony = Ceremony(tmp_path)
    ceremony.folder.mkdir()
    usual = ["--url", URL, "--present", "Ada"]
    stick = ceremony.sticks
    for words, said in {
            (*stick, "--needed", 1, *usual): "1 of 5 shares",
            (*stick, "--needed", 6, *usual): "6 of 5 shares",
            (*stick, "--needed", 258, *usual): "258 of 5 shares",
            (stick[0], stick[1], f"{stick[0]}/.", "--needed", 2, *usual): "is there twice",
            (stick[0], ceremony.folder, "--needed", 2, *usual): "is there twice",
            (stick[0], stick[1], "--needed", 2, "--url", "https://x/", "--present", "Ada"): "wanted http://HOST",
            (stick[0], stick[1], "--needed", 2, "--url", URL, "--present", "Ada \udc9b"): "--present",
            (stick[0], stick[1], "--needed", 2, "--url", URL, "--present", "Ada \x9b2J"): "--present",
    }.items():
        expect(ceremony.run("begin", *words), 1001, said)
    expect(ceremony.run("begin", stick[0], tmp_path / "none", "--needed", 2, *usual), 4001, "none")
    assert not ceremony.state() and not any(list(one.iterdir()) for one in stick)


# ---- shares that are wrong -----------------------------------------------------------------------


def test_fewer_or_wrong_shares_are_named_and_nothing_is_done(begun, tmp_path_factory):
    other = Ceremony(tmp_path_factory.mktemp("other"))
    ok(other.begin())
    before, file = begun.state(), begun.base / "wrong"
    group, needed, of, x, octets = unpack(begun.share(3).read_text())

    def restore(text, mode=0o600, first=1):
        file.write_text(text)
        file.chmod(mode)
        return begun.run("restore-test", begun.share(first), begun.share(2), file, "--present", "Ada")

    expect(begun.restore([4, 5]), 6032, "2 shares are there, the key needs 3")
    expect(begun.restore([4, 5, 4]), 6031, "share 4 is there twice")
    expect(restore(other.share(3).read_text()), 6031, "share 3 is of set ")
    for at in range(len(octets)):
        flipped = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]
        expect(restore(pack(group, needed, of, x, flipped)), 6031, "share 3 of set ")
    expect(restore(pack(group, 2, of, x, octets)), 6031, "share 3 of set ")
    expect(restore(pack(group, needed, of, 4, octets)), 6031, "share 4 of set ")
    text = begun.share(3).read_text()
    wrong = re.sub(r"(?m)^(4  .)(.)", lambda hit: hit[1] + ("A" if hit[2] != "A" else "B"), text)
    expect(restore(wrong), 6030, "line 4: a letter is wrong")
    expect(restore(text.replace("\n5  ", "\n6  ")), 6030, "line 6 stands where line 5 is wanted")
    expect(restore(text, mode=0o644), 6001, "mode 644")
    assert begun.state() == before
    ok(restore(text))


# ---- killed --------------------------------------------------------------------------------------


def test_killed_at_any_step_a_beginning_begins_again(tmp_path):
    shim = kill_shim(tmp_path)
    first = Ceremony(tmp_path / "whole", of=3, needed=2)
    for at in range(1, steps_of(tmp_path, first.begin, shim) + 1):
        ceremony = Ceremony(tmp_path / str(at), of=3, needed=2)
        assert ceremony.begin(KILL_AT=str(at), **shim).returncode == -9
        if not ceremony.transcript.exists():
            ok(ceremony.begin())
        assert [len(list(stick.iterdir())) for stick in ceremony.sticks] == [1, 1, 1]
        ok(ceremony.restore([1, 3]))
        ok(ceremony.verify())


def test_killed_at_any_step_a_test_restore_is_done_again(tmp_path):
    shim, begun = kill_shim(tmp_path), Ceremony(tmp_path / "begun", of=2, needed=2)
    ok(begun.begin())
    whole = tmp_path / "copy"
    shutil.copytree(begun.folder, whole)
    for at in range(1, steps_of(tmp_path, lambda **more: begun.restore([1, 2], **more), shim) + 1, 3):
        shutil.rmtree(begun.folder)
        shutil.copytree(whole, begun.folder)
        assert begun.restore([1, 2], KILL_AT=str(at), **shim).returncode == -9
        ok(begun.restore([1, 2]))
        assert "CRLs          21, " in ok(begun.verify())


def test_killed_at_any_step_an_issuer_is_signed_once(tested):
    request, shim = issuer_request(tested.base), kill_shim(tested.base)
    whole = tested.base / "copy"
    shutil.copytree(tested.folder, whole)
    for at in range(1, steps_of(tested.base, lambda **more: tested.sign(request, [1, 2, 3], **more), shim) + 1):
        shutil.rmtree(tested.folder)
        shutil.copytree(whole, tested.folder)
        assert tested.sign(request, [1, 2, 3], KILL_AT=str(at), **shim).returncode == -9
        ok(tested.sign(request, [1, 2, 3]))
        assert tested.transcript.read_text().count("\nrequest ") == 1
        lab.openssl("verify", "-x509_strict", "-CAfile", str(tested.folder / "root.pem"),
                    str(tested.folder / "issuer-4.pem"))
        ok(tested.verify())


# ---- somebody changes the folder -----------------------------------------------------------------


def chain(text):
    """The transcript with hashes that fit, as a forger writes it."""
    title, *steps = text.split("\n\nstep ")
    previous = hashlib.sha256((title.rstrip("\n") + "\n").encode()).hexdigest()
    whole = title.rstrip("\n") + "\n"
    for number, step in enumerate(steps, 1):
        lines = [line for line in step.splitlines() if not line.startswith(("previous ", "hash "))]
        lines[0] = f"step {number} {lines[0].split()[1]}"
        body = "\n".join([*lines, f"previous {previous}"]) + "\n"
        previous = hashlib.sha256(body.encode()).hexdigest()
        whole += f"\n{body}hash {previous}\n"
    return whole


@pytest.fixture
def whole(tested):
    ok(tested.sign(issuer_request(tested.base), [1, 2, 3]))
    ok(tested.witness("Grace"))
    ok(tested.verify(witnesses=1))
    assert chain(tested.transcript.read_text()) == tested.transcript.read_text()
    return tested


def test_attack_every_changed_line_of_a_transcript_is_found(whole):
    text = whole.transcript.read_text()
    for at, line in enumerate(text.splitlines()):
        for changed in ([line + "x"], [line[:-1]] if line else [line, ""], []):
            lines = text.splitlines()
            lines[at:at + 1] = changed
            whole.transcript.write_text("\n".join(lines) + "\n")
            expect(whole.verify(), 6034, "transcript.txt")
    whole.transcript.write_text(text[:-1])
    expect(whole.verify(), 6034, "transcript.txt")


def test_attack_a_transcript_with_a_new_chain_is_not_what_was_signed(whole):
    text = whole.transcript.read_text()
    steps = text.split("\n\nstep ")

    def forge(changed):
        whole.transcript.write_text(chain(changed))
        return whole.verify()

    expect(forge(text.replace("present Ada, Grace\n", "present Mallory\n", 1)), 6002, "step 2: ")
    expect(forge(text.replace("name Grace", "name Mallory")), 6002, "step 5: ")
    expect(forge("\n\nstep ".join(steps[:2] + steps[3:])), 6034, "before a test restore")
    digest = hashlib.sha256(b"another").hexdigest()
    expect(forge(re.sub(r"(?m)^share 1 .*$", f"share 1 {digest}", text)), 6002, "step 2: ")
    whole.transcript.write_text(text)
    ok(whole.verify(witnesses=1))


def test_attack_files_of_another_root_are_found(whole, tmp_path_factory):
    other = Ceremony(tmp_path_factory.mktemp("other"))
    ok(other.begin())
    ok(other.restore([1, 2, 3]))
    ok(other.sign(issuer_request(other.base), [1, 2, 3]))
    for name in ("root.pem", "crl/root-7.crl", "issuer-4.pem"):
        mine = (whole.folder / name).read_bytes()
        shutil.copy(other.folder / name, whole.folder / name)
        expect(whole.verify(), 6034, name)
        (whole.folder / name).unlink()
        assert whole.verify().returncode != 0
        (whole.folder / name).write_bytes(mine)
    ok(whole.verify(witnesses=1))
    expect(other.run("restore-test", *whole.shares([1, 2, 3]), "--present", "Ada"), 6031, "is of set ")


def test_the_man_page_has_every_step():
    done = subprocess.run([lab.program("trothd"), "ceremony", "--help"], capture_output=True, text=True, check=True)
    for verb in ("begin", "restore-test", "sign-issuer", "witness", "verify"):
        assert f"ceremony {verb}" in done.stdout
