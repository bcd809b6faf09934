"""What a signer who may sign could still send wrong, and what a stranger could put around it: envelopes, manifests, images and
key sets that are signed as they stand and break one rule each (RFC 8949 4.2.1, RFC 9052, the SUIT draft, key-sets.md)."""

import hashlib
import json
import struct

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import lab
import suit
from releases import CLASS, VENDOR, manifest
from suit import KEYSET_TYPE, Signer, dumps, head

IMAGE = bytes(range(256))
KEY, OTHER = Signer(2), Signer(4)
MANIFEST = manifest(IMAGE, uri="coap://updates/image")
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
ES256 = b"\xa1\x01\x26"  # {1: -7}


@pytest.fixture(name="judge", scope="module")
def fixture_judge(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    keys, file = folder / "keys", folder / "file"
    keys.write_bytes(suit.keyset(3, 2, [Signer(1), KEY, OTHER], [KEY]))

    def judge(octets, *words):
        file.write_bytes(octets)
        done = lab.run(lab.program("troth"), "verify", str(file), "--keyset", str(keys), *map(str, words), "--json", check=False)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)["verdict"]
    return judge


def named(value):
    return value if isinstance(value, str) else ""


# ---- what is signed by hand


def text(octets):
    return head(2, len(octets)) + octets


def sign1(payload, protected=ES256, unprotected=b"\xa0", *, tag=b"\xd2", array=b"\x84", inside=b"\xf6", more=b"",
          signature=None):
    """COSE_Sign1 over exactly these octets."""
    over = b"\x84\x6aSignature1" + text(protected) + b"\x40" + text(payload)
    return tag + array + text(protected) + unprotected + inside + text(signature or KEY.sign(over)) + more


def payload_of(octets=MANIFEST):
    return dumps(suit.digest(text(octets)))


def wrapper(*signatures, payload=None):
    return dumps([payload_of() if payload is None else payload, *signatures])


def envelope(octets=MANIFEST, wrapped=None):
    """A well-formed one around a manifest, or around other signatures."""
    return b"\xd8\x6b\xa2\x02" + text(wrapped or wrapper(sign1(payload_of(octets)), payload=payload_of(octets))) + \
        b"\x03" + text(octets)


def raw(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_what_is_signed_by_hand_is_valid(judge):
    assert judge(envelope()) == "VALID"
    assert judge(envelope(wrapped=wrapper(sign1(payload_of(), unprotected=dumps({4: b"key"}))))) == "VALID"


PAYLOAD = payload_of()


@pytest.mark.parametrize("signature, verdict", [
    (sign1(PAYLOAD, dumps({1: -7, 2: [99], 99: 0})), "MALFORMED"),            # critical, and not known
    (sign1(PAYLOAD, dumps({1: -7, 4: b"key"})), "MALFORMED"),
    (sign1(PAYLOAD, dumps({1: -7, 16: KEYSET_TYPE})), "MALFORMED"),           # another thing's type
    (sign1(PAYLOAD, b"\xa2\x01\x26\x01\x26"), "MALFORMED"),
    (sign1(PAYLOAD, b"\xa1\x01\x38\x06"), "MALFORMED"),                       # not the shortest
    (sign1(PAYLOAD, b"\xbf\x01\x26\xff"), "MALFORMED"),
    (sign1(PAYLOAD, ES256 + b"\x00"), "MALFORMED"),
    (sign1(PAYLOAD, dumps({1: "ES256"})), "MALFORMED"),
    (sign1(PAYLOAD, b"", dumps({1: -7})), "MALFORMED"),
    (sign1(PAYLOAD, b"\xa0", dumps({1: -7})), "MALFORMED"),
    (sign1(PAYLOAD, unprotected=dumps({1: -7})), "MALFORMED"),
    (sign1(PAYLOAD, unprotected=dumps({5: b"nonce"})), "MALFORMED"),
    (sign1(PAYLOAD, unprotected=dumps({4: "key"})), "MALFORMED"),
    (sign1(PAYLOAD, inside=text(PAYLOAD)), "MALFORMED"),                      # attached
    (sign1(PAYLOAD, tag=b""), "MALFORMED"),
    (sign1(PAYLOAD, tag=b"\xd8\x62"), "MALFORMED"),
    (sign1(PAYLOAD, tag=b"\xd8\x12"), "MALFORMED"),                           # not the shortest
    (sign1(PAYLOAD, array=b"\x85", more=b"\xf6"), "MALFORMED"),
    (sign1(PAYLOAD, array=b"\x9f", more=b"\xff"), "MALFORMED"),
    (sign1(PAYLOAD, more=b"\x00"), "MALFORMED"),
    (sign1(PAYLOAD, dumps({1: -9})), "UNKNOWN_KEY"),                          # the key's own algorithm, or none
    (sign1(PAYLOAD, dumps({1: 0})), "UNKNOWN_KEY"),
    (sign1(PAYLOAD, dumps({1: -2 ** 31 - 2})), "MALFORMED"),
    (sign1(PAYLOAD, signature=KEY.sign(PAYLOAD)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=raw(0, 0)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=raw(1, 0)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=raw(ORDER, 1)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=raw(1, ORDER)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=raw(2 ** 256 - 1, 2 ** 256 - 1)), "BAD_SIGNATURE"),
    (sign1(PAYLOAD, signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"), "BAD_SIGNATURE"),
    (sign1(PAYLOAD)[:-66] + b"\x58\x41" + sign1(PAYLOAD)[-64:] + b"\x00", "BAD_SIGNATURE"),
], ids=named)
def test_a_signature_of_another_form_counts_for_nobody(judge, signature, verdict):
    assert judge(envelope(wrapped=wrapper(signature))) == verdict
    assert judge(envelope(wrapped=wrapper(signature, sign1(PAYLOAD)))) == "VALID"  # one beside it does


@pytest.mark.parametrize("payload, verdict", [
    (PAYLOAD + b"\x00", "MALFORMED"),
    (dumps([-44, bytes(32)]), "MALFORMED"),
    (dumps([-16, bytes(31)]), "MALFORMED"),
    (dumps([-16, bytes(32)]), "WRONG_DIGEST"),
    (dumps(suit.digest(MANIFEST)), "WRONG_DIGEST"),  # without the head
    (dumps({1: -16, 2: bytes(32)}), "MALFORMED"),
    (b"\x9f" + PAYLOAD[1:] + b"\xff", "MALFORMED"),
], ids=named)
def test_a_digest_of_another_form_refuses(judge, payload, verdict):
    assert judge(envelope(wrapped=wrapper(sign1(payload), payload=payload))) == verdict


WRAPPED = text(wrapper(sign1(PAYLOAD)))


@pytest.mark.parametrize("octets, verdict", [
    (b"\xd8\x6b\xa2\x02" + text(dumps([PAYLOAD])) + b"\x03" + text(MANIFEST), "UNSIGNED"),
    (b"\xd8\x6b\xa2\x02" + text(dumps([])) + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd9\x00\x6b\xa2\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xd8\x6b\xa2\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xbf\x02" + WRAPPED + b"\x03" + text(MANIFEST) + b"\xff", "MALFORMED"),
    (b"\xd8\x6b\xb8\x02\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xa3\x02" + WRAPPED + b"\x03" + text(MANIFEST) + b"\x03" + text(manifest(b"other")), "MALFORMED"),
    (b"\xd8\x6b\xa3\x02" + WRAPPED + b"\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xa2\x03" + text(MANIFEST) + b"\x02" + WRAPPED, "MALFORMED"),
    (b"\xd8\x6b\xa2\x02" + WRAPPED + b"\x03\x5a" + len(MANIFEST).to_bytes(4, "big") + MANIFEST, "MALFORMED"),
    (b"\xd8\x6b\xa2\x02" + WRAPPED + b"\x03\x5f" + text(MANIFEST) + b"\xff", "MALFORMED"),
    (b"\xd8\x6b\xa2\x02" + WRAPPED + b"\x03\x5b" + b"\xff" * 8 + MANIFEST, "MALFORMED"),
    (b"\xd8\x6b\xa2\x02" + WRAPPED + b"\x03\x7b" + b"\x7f" + b"\xff" * 7 + MANIFEST, "MALFORMED"),
    (b"\xd8\x6b\xbb" + b"\xff" * 8 + b"\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xbb\x80" + bytes(7) + b"\x02" + WRAPPED + b"\x03" + text(MANIFEST), "MALFORMED"),
    (b"\xd8\x6b\xa3\x02" + WRAPPED + b"\x03" + text(MANIFEST) + b"\x18\x1e" + b"\x81" * 5000 + b"\x00", "MALFORMED"),
    (b"\xd8\x6b\xa3\x02" + WRAPPED + b"\x03" + text(MANIFEST) + b"\x14" + text(b"\x80"), "MALFORMED"),  # nobody signed it
    (b"\xd8\x6b\xa4\x02" + WRAPPED + b"\x03" + text(MANIFEST) + (b"\x62#i" + text(IMAGE)) * 2, "MALFORMED"),
    (b"\xd8\x6b\xa3\x02" + WRAPPED + b"\x03" + text(MANIFEST) + b"\x62#\xff" + text(IMAGE), "MALFORMED"),
    (envelope() + b"\x00", "MALFORMED"),
], ids=named)
def test_an_envelope_of_another_form_refuses(judge, octets, verdict):
    assert judge(octets) == verdict


# ---- manifests


def of(**members):
    return manifest(IMAGE, **{"uri": "coap://updates/image", **members})


def common(components, shared):
    return dumps({1: 1, 2: 7, 3: dumps({2: components, 4: shared}), suit.VALIDATE: suit.commands(12, 0, 3, 15)})


SHARED = suit.shared(IMAGE, VENDOR, CLASS)
BOTH = suit.commands(12, True, 20, {1: VENDOR, 2: CLASS, 3: dumps(suit.digest(IMAGE)), 14: len(IMAGE), -1: 5}, 1, 15, 2, 15)


def two(install):
    return dumps({1: 1, 2: 7, 3: dumps({2: [[b"\0"], [b"\1"]], 4: BOTH}), suit.INSTALL: install})


@pytest.mark.parametrize("octets, verdict", [
    (MANIFEST + b"\x00", "MALFORMED"),
    (b"\xa6\x01\x01" + MANIFEST[1:], "MALFORMED"),                            # version twice
    (b"\xbf" + MANIFEST[1:] + b"\xff", "MALFORMED"),
    (dumps({1: 2, 2: 7}), "WRONG_VERSION"),
    (dumps({1: 1, 2: -1}), "MALFORMED"),
    (of(sequence=2 ** 32), "MALFORMED"),
    (of(sequence=2 ** 64 - 1), "MALFORMED"),
    (of(sequence=2 ** 32 - 1), "VALID"),
    (of(counter=2 ** 32), "MALFORMED"),
    (of(counter=-1), "MALFORMED"),
    (of(formats=[1]), "MALFORMED"),
    (of(formats=[1, 2, 3]), "MALFORMED"),
    (of(vendor=VENDOR + b"x"), "MALFORMED"),
    (of(vendor=VENDOR[:-1]), "MALFORMED"),
    (of(class_id=CLASS + b"x"), "MALFORMED"),
    (of(class_id="class-of-devices"), "MALFORMED"),
    (of(members={suit.VALIDATE: suit.commands(3, 15) + b"\x00"}), "MALFORMED"),
    (of(members={suit.VALIDATE: b"\x9f\x03\x0f\xff"}), "MALFORMED"),
    (of(members={suit.VALIDATE: b"\x9b" + b"\xff" * 8}), "MALFORMED"),
    (of(members={suit.VALIDATE: b"\x82\x18\x03\x0f"}), "MALFORMED"),
    (of(members={suit.VALIDATE: b"\x81" * 5000 + b"\x80"}), "MALFORMED"),
    (of(members={suit.VALIDATE: suit.commands(15, [b"\x82\x03\x0f\x00"])}), "MALFORMED"),
    (of(members={5: b""}), "MALFORMED"),                                      # a member that nobody knows
    (of(members={suit.INSTALL: suit.commands(12, 0, 20, {22: 0}, 22, 15)}), "WRONG_COMPONENT"),
    (two(suit.commands(12, 1, 20, {22: 0}, 22, 15)), "VALID"),
    (two(suit.commands(12, 1, 20, {22: 1}, 22, 15)), "WRONG_COMPONENT"),
    (two(suit.commands(12, 1, 20, {22: 2}, 22, 15)), "WRONG_COMPONENT"),
    (two(suit.commands(12, 1, 20, {22: 2 ** 32 - 1}, 22, 15)), "WRONG_COMPONENT"),
    (two(suit.commands(12, 2, 3, 15)), "WRONG_COMPONENT"),
    (two(suit.commands(12, 2 ** 32, 3, 15)), "MALFORMED"),
    (common([[b"\0"], [b"\0"]], BOTH), "MALFORMED"),
    (common([[b"\0"]] * 5, BOTH), "TOO_LARGE"),
    (common([[[b"\0"]]], SHARED), "MALFORMED"),
    (common([b"\0"], SHARED), "MALFORMED"),
    (common([], SHARED), "MISSING"),
    (common([[b"\0"]], b""), "MISSING"),
    (common([[b"\0"]], SHARED + b"\x00"), "MALFORMED"),
], ids=named)
def test_a_manifest_that_breaks_a_rule_refuses(judge, octets, verdict):
    assert judge(envelope(octets)) == verdict


# ---- images of MCUboot


def mcuboot(protected, protected_n, tlvs=None, more=b""):
    """`protected` lies behind the body; `protected_n` is what the header says of it."""
    signed = struct.pack("<IIHHIIBBHII", 0x96f3b83d, 0, 32, protected_n, 4, 0, 1, 0, 0, 0, 0) + b"body" + \
        protected[:protected_n]
    digest = struct.pack("<HH", 0x10, 32) + hashlib.sha256(signed).digest()
    signature = KEY.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    area = (tlvs or digest) + struct.pack("<HH", 0x22, len(signature)) + signature
    return signed + struct.pack("<HH", 0x6907, 4 + len(area)) + area + more


def test_what_lies_behind_the_protected_area_is_not_protected(judge):
    """The area says that it goes on over what nobody signed, where a counter stands."""
    counter = struct.pack("<HHI", 0x50, 4, 9)
    good = mcuboot(struct.pack("<HH", 0x6908, 12) + counter, 12)
    assert judge(good, "--counter", 9) == "VALID"
    assert judge(good, "--counter", 10) == "OLDER_COUNTER"
    short = mcuboot(struct.pack("<HH", 0x6908, 4), 4)
    assert (judge(short), judge(short, "--counter", 9)) == ("VALID", "OLDER_COUNTER")
    for _ in range(32):  # until the signature is as long as it was foreseen to be
        open_n = 4 + 36 + 4 + 71
        long = mcuboot(struct.pack("<HH", 0x6908, 4 + 4 + open_n + 8), 4, more=bytes(4) + counter)
        if len(long) == 32 + 4 + 4 + open_n + 4 + 8:
            break
    else:
        pytest.fail("no signature of 71 octets")
    assert judge(long, "--counter", 9) == "MALFORMED"


def test_an_image_has_one_hash(judge):
    one = mcuboot(b"", 0)
    digest = one[36 + 4:36 + 4 + 36]
    assert judge(one) == "VALID"
    assert judge(mcuboot(b"", 0, digest * 2)) == "MALFORMED"


# ---- key sets


def row(key, **members):
    return {**key.row(), **{int(name[1:]): value for name, value in members.items()}}


def following(octets=None, kind=KEYSET_TYPE, signers=(KEY,), **members):
    """The set that follows the judge's: {1: version, 2: sequence, 3: floor, 4: wanted, 5: keys}."""
    if octets is None:
        octets = dumps({**{1: 1, 2: 4, 3: 2, 4: {1: 1, 2: 1}, 5: [row(KEY), row(OTHER)]},
                        **{int(name[1:]): value for name, value in members.items()}})
    return dumps([octets, *(suit.sign1(signer, octets, kind) for signer in signers)])


GOOD = cbor2.loads(following())[0]


@pytest.mark.parametrize("octets, verdict", [
    (following(), "VALID"),
    (following(m5=[row(OTHER)]), "VALID"),                                    # without the key that signs it
    (following(m3=4), "VALID"),                                               # and gives it up
    (following(m3=5), "MISSING"),
    (following(m4={1: 3, 2: 1}), "MISSING"),                                  # three of two
    (following(m4={1: 1, 8: 1}), "MISSING"),                                  # nobody has that use
    (following(m4={2: 1}), "MISSING"),
    (following(m4={1: 0, 2: 1}), "MALFORMED"),
    (following(m4={1: 9, 2: 1}), "MALFORMED"),
    (following(m4={1: 257, 2: 1}), "MALFORMED"),
    (following(m4={1: 1, 3: 1}), "MALFORMED"),
    (following(m4={1: 1, 16: 1}), "MALFORMED"),
    (following(m5=[]), "MALFORMED"),
    (following(m5=[row(Signer(n)) for n in range(2, 11)]), "MALFORMED"),
    (following(m5=[row(OTHER), row(KEY)]), "MALFORMED"),
    (following(m5=[row(KEY), row(KEY, m1=3)]), "MALFORMED"),                  # one key as two
    (following(m5=[row(KEY), row(KEY, m1=3, m2=-9)]), "MALFORMED"),
    (following(m5=[row(KEY, m3=0), row(OTHER)]), "MALFORMED"),
    (following(m5=[row(KEY, m3=19), row(OTHER)]), "MALFORMED"),
    (following(m5=[row(KEY, m1=2 ** 32)]), "MALFORMED"),
    (following(m5=[row(KEY, m5=0)]), "MALFORMED"),
    (following(m2=3), "OLDER_SET"),
    (following(m2=2 ** 32), "MALFORMED"),
    (following(m3=1), "LOWER_FLOOR"),
    (following(m1=2), "WRONG_VERSION"),
    (following(m6=0), "MALFORMED"),
    (following(GOOD + b"\x00"), "MALFORMED"),
    (following(b"\xbf" + GOOD[1:] + b"\xff"), "MALFORMED"),
    (following(b"\xa6\x01\x01" + GOOD[1:]), "MALFORMED"),
    (following(kind=None), "MALFORMED"),
    (following(kind="application/cwt"), "MALFORMED"),
    (following(signers=()), "MALFORMED"),
    (following(signers=(KEY,) * 9), "MALFORMED"),
    (following(signers=(Signer(2),)), "BAD_SIGNATURE"),
    (following() + b"\x00", "MALFORMED"),
], ids=named)
def test_a_key_set_that_breaks_a_rule_refuses(judge, octets, verdict):
    assert judge(octets) == verdict
